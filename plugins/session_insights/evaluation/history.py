"""Results kept, a line each in a file that can be committed, and compared with the last one of the same reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from session_insights.errors import SettingsError

Result = Mapping[str, Any]
# What may differ between two results that are otherwise the same run.
_WHEN = ("date",)


def load_history(path: Path) -> list[dict[str, Any]]:
    """Results, oldest first; none where there is no file.

    Raises:
        SettingsError: A line is no result.
    """
    if not path.exists():
        return []
    results = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            result = json.loads(line)
            results.append({**result, "labels": result["labels"], "reader": result["reader"]})
        except (ValueError, TypeError, KeyError):
            raise SettingsError(f"{path}, line {number}: no result of an evaluation; delete the line.") from None
    return results


def find_last(history: list[dict[str, Any]], result: Result) -> dict[str, Any] | None:
    """The newest result of the same reader on labels of the same name."""
    same = [old for old in history if (old["labels"], old["reader"]) == (result["labels"], result["reader"])]
    return same[-1] if same else None


def is_news(result: Result, last: Result | None) -> bool:
    """Whether a result says anything that the last one did not."""
    return last is None or _without_time(result) != _without_time(last)


def _without_time(result: Result) -> dict[str, Any]:
    return {name: value for name, value in json.loads(json.dumps(result)).items() if name not in _WHEN}


def save_result(path: Path, result: Result) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result, ensure_ascii=False) + "\n")


def compare_results(result: Result, last: Result | None, *, margin: float) -> dict[str, list[dict[str, Any]]]:
    """What rose and what fell, largest change first.

    The figure of a facet is its agreement, of a set its F1; the recall of `not_achieved` is one more. A first result is
    compared with nothing, nor is one on labels that have changed since.

    Args:
        margin: A fall by more than this is a failure: it stands in `failed` too.
    """
    if last is None or last["labels_hash"] != result["labels_hash"]:
        return {"rose": [], "fell": [], "failed": []}
    now, before = figures_of(result), figures_of(last)
    changes: list[dict[str, Any]] = [
        {"facet": name, "before": before[name], "now": value, "change": round(value - before[name], 4)}
        for name, value in now.items()
        if name in before and value != before[name]
    ]
    changes.sort(key=lambda change: (-abs(change["change"]), change["facet"]))
    return {
        "rose": [change for change in changes if change["change"] > 0],
        "fell": [change for change in changes if change["change"] < 0],
        "failed": [change for change in changes if change["change"] < -margin],
    }


def figures_of(result: Result) -> dict[str, float]:
    """The one figure of each facet that is compared."""
    found = {}
    for name, score in result["facets"].items():
        figure = score["f1"] if score["kind"] == "set" and score["f1"] is not None else score["agreement"]
        found[name] = float(figure)
    recall = result["not_achieved"]["recall"]
    return found | ({"recall of not_achieved": float(recall)} if recall is not None else {})
