"""Labels beside readings."""

from __future__ import annotations

from typing import Any

import pytest

from session_insights.evaluation.scoring import outcome_pairs, score_facets
from session_insights.records import Facet


def pair(labels: dict[str, Any], **read: Any) -> tuple[dict[str, Any], Facet]:
    return labels, Facet("s", **read)


def test_a_facet_without_labels_has_no_score() -> None:
    assert set(score_facets([pair({"decisions_made": 1}, outcome="not_achieved")])) == {"decisions_made"}


def test_a_goal_is_reached_when_it_was_fully_or_mostly_achieved() -> None:
    scores = score_facets(
        [
            pair({"outcome": "fully_achieved"}, outcome="mostly_achieved"),
            pair({"outcome": "not_achieved"}, outcome="partially_achieved"),
            pair({"outcome": "partially_achieved"}, outcome="mostly_achieved"),
            pair({"outcome": "unclear_from_transcript"}, outcome="not_achieved"),
        ]
    )
    assert (scores["outcome"]["agreement"], scores["goal_reached"]["agreement"]) == (0.0, 0.5)


def test_what_the_reader_left_unknown_is_wrong_and_counted_apart() -> None:
    scores = score_facets(
        [
            pair({"workflow_type": "email"}, workflow_type="email"),
            pair({"workflow_type": "email"}),
            pair({"workflow_type": None}),
            pair({"workflow_type": "admin"}, workflow_type="email"),
        ]
    )
    score = scores["workflow_type"]
    assert (score["n"], score["agreement"], score["unanswered"]) == (4, 0.5, 1)


def test_no_priority_is_an_answer() -> None:
    score = score_facets([pair({"priority_matched": "none"}), pair({"priority_matched": "grow"})])["priority_matched"]
    assert (score["agreement"], score["unanswered"]) == (0.5, 0)


def test_sets_are_compared_without_order_and_the_main_business_with_it() -> None:
    scores = score_facets(
        [
            pair({"businesses": ["stb", "10k"]}, businesses=["10k", "stb"]),
            pair({"businesses": ["stb"]}, businesses=["stb"]),
            pair({"businesses": ["stb"]}),
        ]
    )
    assert scores["businesses"]["agreement"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["businesses"]["f1"] == pytest.approx((4 / 5 + 1) / 2, abs=1e-4)
    assert scores["main_business"]["agreement"] == pytest.approx(1 / 3, abs=1e-4)


def test_the_error_of_a_count_is_taken_over_what_was_answered() -> None:
    scores = score_facets(
        [
            pair({"decisions_made": 3}, decisions_made=1),
            pair({"decisions_made": 2}, decisions_made=2),
            pair({"decisions_made": 9}),
        ]
    )
    assert scores["decisions_made"] == {
        "kind": "count",
        "n": 3,
        "agreement": 0.3333,
        "plus_minus": scores["decisions_made"]["plus_minus"],
        "unanswered": 1,
        "mae": 1.0,
    }


def test_outcomes_are_paired_where_they_have_a_label() -> None:
    read = [pair({"outcome": "not_achieved"}), pair({"decisions_made": 1}, outcome="not_achieved")]
    assert outcome_pairs(read) == [("not_achieved", "unknown")]
