"""Hand-made figures for tests, as a person wrote them down in YAML."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.windows import Window

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    figures: Figures
    profile: Profile
    window: Window


def _json_ready(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_ready(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_ready(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def load_case(name: str = "weekly") -> Case:
    data = yaml.safe_load((FOLDER / f"{name}_figures.yaml").read_text(encoding="utf-8"))
    figures = _json_ready(data["figures"])
    return Case(
        figures=Figures(current=_rows(figures["current"]), previous=_rows(figures["previous"])),
        profile=Profile.model_validate(data["profile"]),
        window=Window(data["window"]["start"], data["window"]["end"]),
    )


def _rows(aggregates: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """A table is written as `{columns: [...], rows: [[...], ...]}`, a row as a mapping in a list."""
    tables = {}
    for name, table in aggregates.items():
        if isinstance(table, dict):
            table = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        tables[name] = table
    return tables


def without_past(figures: Figures) -> Figures:
    """The same week as the first one: nothing is known before it."""
    current = copy.deepcopy(figures.current)
    for name in ("summary_by_week", "friction_by_week"):
        for row in current[name][:-1]:
            row.update({key: None if key in _NULLS else 0 for key in row if key != "week_start"})
    current["people_by_week"] = [row for row in current["people_by_week"] if row["week_start"] == current["summary_by_week"][-1]["week_start"]]
    return Figures(current=current, previous=empty_aggregates(current))


_NULLS = {"course_corrections", "time_saved_minutes", "mcp_failures", "retry_loops", "cut_short_count", "cost_usd"}


def empty_aggregates(like: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """A window without any session: tables of one row a window keep it, with zeros."""
    single = {"coverage", "summary"}
    return {
        name: [
            {key: [] if key == "readers" else (None if key in _NULLS else 0) for key in row}
            for row in copy.deepcopy(rows)
        ]
        if name in single
        else []
        for name, rows in like.items()
    }
