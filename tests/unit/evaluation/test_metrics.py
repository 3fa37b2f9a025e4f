"""Agreement, by numbers worked out on paper and known from books."""

from __future__ import annotations

import pytest

from session_insights.evaluation.metrics import (
    agreement,
    confusion,
    half_width,
    kappa,
    macro_f1,
    mean_absolute_error,
    precision,
    recall,
)


def table(yes_yes: int, yes_no: int, no_yes: int, no_no: int) -> list[tuple[str, str]]:
    return [("yes", "yes")] * yes_yes + [("yes", "no")] * yes_no + [("no", "yes")] * no_yes + [("no", "no")] * no_no


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (table(20, 5, 10, 15), 0.4),  # 50 grant proposals, two readers: 0.7 observed, 0.5 by chance
        (table(45, 15, 25, 15), 0.1304),  # the same 60 % agreed, by other habits …
        (table(25, 35, 5, 35), 0.2593),  # … give another kappa
        (table(10, 0, 0, 10), 1.0),
        (table(5, 5, 5, 5), 0.0),
        (table(0, 5, 5, 0), -1.0),
    ],
)
def test_kappa_is_the_one_of_the_textbook_examples(pairs: list[tuple[str, str]], expected: float) -> None:
    assert kappa(pairs) == pytest.approx(expected, abs=5e-5)


def test_kappa_of_three_choices_by_hand() -> None:
    # Agreed 3 of 5; by chance (2·2 + 2·1 + 1·2) / 25 = 8/25; (15 − 8) / (25 − 8) = 7/17.
    pairs = [("a", "a"), ("a", "a"), ("b", "b"), ("b", "c"), ("c", "c")]
    assert kappa(pairs) == pytest.approx((4 / 5 - 8 / 25) / (1 - 8 / 25))


def test_there_is_no_kappa_where_all_say_the_same_one_thing() -> None:
    assert kappa([("a", "a")] * 4) is None
    assert kappa([]) is None


def test_agreement_is_the_share_that_is_the_same() -> None:
    assert agreement([(1, 1), (2, 3), (4, 4), (5, 5)]) == 0.75
    assert agreement([]) is None


def test_thirty_sessions_tell_a_share_to_about_eighteen_points_at_worst() -> None:
    assert half_width(0.5, 30) == pytest.approx(0.1684, abs=1e-4)
    assert half_width(1.0, 30) == pytest.approx(0.0568, abs=1e-4)
    assert half_width(0.5, 100) == pytest.approx(0.0962, abs=1e-4)


def test_recall_asks_the_labels_and_precision_the_answers() -> None:
    pairs = [("bad", "bad"), ("bad", "good"), ("bad", "good"), ("good", "bad"), ("good", "good")]
    assert recall(pairs, "bad") == pytest.approx(1 / 3)
    assert precision(pairs, "bad") == pytest.approx(1 / 2)
    assert recall(pairs, "odd") is None
    assert precision(pairs, "odd") is None


def test_a_confusion_counts_each_answer_to_each_label() -> None:
    assert confusion([("a", "a"), ("a", "b"), ("b", "b"), ("a", "b")]) == {"a": {"a": 1, "b": 2}, "b": {"b": 1}}


def test_macro_f1_gives_a_rare_member_the_weight_of_a_common_one() -> None:
    # x: right 2, named 2 + 3 times: 4/5. y: right 0, named once: 0. z: right 1 of 1 and 1: 1.
    pairs = [
        (frozenset("x"), frozenset("x")),
        (frozenset("xz"), frozenset("xz")),
        (frozenset("y"), frozenset("x")),
        (frozenset(), frozenset()),
    ]
    assert macro_f1(pairs) == pytest.approx((4 / 5 + 0 + 1) / 3)
    assert macro_f1([(frozenset(), frozenset())]) is None


def test_mean_absolute_error_is_in_the_unit_of_the_count() -> None:
    assert mean_absolute_error([(3, 1), (0, 0), (1, 2), (5, 5)]) == 0.75
    assert mean_absolute_error([]) is None
