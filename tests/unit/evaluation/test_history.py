"""Results kept and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from session_insights.errors import SettingsError
from session_insights.evaluation.describing import describe_result
from session_insights.evaluation.history import compare_results, find_last, load_history, save_result
from session_insights.stages.evaluating import judge_result


def result(
    outcome: float = 0.8, *, people: float | None = 0.5, recall: float | None = 0.7, **more: Any
) -> dict[str, Any]:
    base = {"n": 30, "plus_minus": 0.1, "unanswered": 0}
    return {
        "date": "2026-11-22",
        "labels": "hand",
        "labels_hash": "l1",
        "reader": "offline",
        "model": "offline",
        "prompt_version": 1,
        "prompt_hash": "p1p1p1p1",
        "session_count": 30,
        "unread_count": 0,
        "facets": {
            "outcome": base | {"kind": "choice", "agreement": outcome, "kappa": 0.6},
            "people_mentioned": base | {"kind": "set", "agreement": 0.4, "f1": people},
        },
        "not_achieved": {"n": 6, "recall": recall, "precision": 0.5},
        "outcome_confusion": {"not_achieved": {"not_achieved": 4, "mostly_achieved": 2}},
        "input_tokens_per_session": 0,
        "output_tokens_per_session": 0,
        "cost_usd": 0.0,
    } | more


def test_what_rose_and_what_fell_is_said_largest_first() -> None:
    changes = compare_results(result(0.7, people=0.6, recall=0.72), result(0.8), margin=0.05)
    assert [(c["facet"], c["change"]) for c in changes["rose"]] == [
        ("people_mentioned", 0.1),
        ("recall of not_achieved", 0.02),
    ]
    assert [(c["facet"], c["change"]) for c in changes["fell"]] == [("outcome", -0.1)]
    assert changes["failed"] == changes["fell"]


def test_a_fall_within_the_margin_is_said_and_is_no_failure() -> None:
    changes = compare_results(result(0.75), result(0.8), margin=0.05)
    assert [c["facet"] for c in changes["fell"]] == ["outcome"]
    assert changes["failed"] == []


def test_results_on_other_labels_are_not_compared() -> None:
    assert compare_results(result(0.1, labels_hash="l2"), result(), margin=0.05)["fell"] == []


def test_a_result_is_compared_with_the_last_of_its_reader_and_labels() -> None:
    history = [result(0.1), result(0.2), result(0.3, reader="claude"), result(0.4, labels="demo")]
    assert find_last(history, result()) == history[1]
    assert find_last(history, result(reader="batch")) is None


def test_the_first_result_is_kept_and_the_same_one_again_is_not(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "history.jsonl"
    assert judge_result(result(), path, margin=0.05)["is_kept"] is True
    assert judge_result(result(date="2026-11-30"), path, margin=0.05)["is_kept"] is False
    assert load_history(path) == [result()]


def test_a_result_that_fell_is_not_kept_unless_it_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    save_result(path, result())
    fallen = judge_result(result(0.5), path, margin=0.05)
    assert [c["facet"] for c in fallen["failed"]] == ["outcome"]
    assert len(load_history(path)) == 1
    assert judge_result(result(0.5), path, margin=0.05)["failed"]
    judge_result(result(0.5), path, margin=0.05, accept=True)
    assert judge_result(result(0.5), path, margin=0.05)["failed"] == []


def test_a_result_that_lacks_sessions_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert judge_result(result(unread_count=1), path, margin=0.05, accept=True)["is_kept"] is False
    assert load_history(path) == []


def test_without_a_file_nothing_is_compared_or_kept() -> None:
    assert judge_result(result(), None, margin=0.05) == {
        "last": None,
        "rose": [],
        "fell": [],
        "failed": [],
        "is_kept": False,
    }


@pytest.mark.parametrize("line", ["{", "[1]", '"x"', '{"labels": "hand"}'])
def test_a_line_that_is_no_result_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "history.jsonl"
    save_result(path, result())
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(SettingsError, match="line 2"):
        load_history(path)


def test_a_person_reads_the_result_as_a_table() -> None:
    last = result(0.9)
    told = describe_result(result(), {"last": last, **compare_results(result(), last, margin=0.05), "is_kept": False})
    assert "| outcome | 30 | 80% ± 10 | 0.60 |  |  |  |" in told
    assert "| people_mentioned | 30 | 40% ± 10 |  | 0.50 |  |  |" in told
    assert "not_achieved: 6 by label; recall 0.70, precision 0.50." in told
    assert "fell outcome: 0.90 → 0.80" in told
    assert "Fell too far: outcome." in told


def test_a_result_without_labelled_outcomes_can_be_told() -> None:
    bare = result(
        facets={}, not_achieved={"n": 0, "recall": None, "precision": None}, outcome_confusion={}, cost_usd=None
    )
    assert "no list price" in describe_result(bare, judge_result(bare, None, margin=0.05))
