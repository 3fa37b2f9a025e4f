"""Hand-made figures for tests, as a person wrote them down in YAML, and the states that a report can be in."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from session_insights.narratives.sections import MONTH_SECTION_NAMES, SECTION_NAMES, KeptTarget, Narrative, SectionText
from session_insights.profile import Profile
from session_insights.records import Figures, Rows
from session_insights.windows import Window

FOLDER = Path(__file__).parent
_ONE_ROW = ("coverage", "summary")
_JUDGED = (
    "course_corrections", "time_saved_minutes", "artifacts_created", "decisions_made", "knowledge_filed",
    "mcp_failures", "retry_loops", "cut_short_count",
)  # fmt: skip
_RETURNS = ("return_by_business", "value_by_skill")
_ZEROES_UNREAD = (
    "judged_count", "reached_count", "read_minutes", "priority_minutes", "people_count", "contact_count",
    "time_saved_known_count", "friction_session_count", "shared_session_count", "named_session_count",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    figures: Figures
    profile: Profile
    window: Window


def load_case(name: str = "weekly") -> Case:
    data = yaml.safe_load((FOLDER / f"{name}_figures.yaml").read_text(encoding="utf-8"))
    current, previous = (_rows(_json_ready(data["figures"][side])) for side in ("current", "previous"))
    return Case(
        figures=Figures(current, previous),
        profile=Profile.model_validate(data["profile"]),
        window=Window(data["window"]["start"], data["window"]["end"]),
    )


def _json_ready(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_ready(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_ready(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _rows(aggregates: dict[str, Any]) -> dict[str, Rows]:
    """A table is written as `{columns: [...], rows: [[...], ...]}`, a row alone as a mapping in a list."""
    return {
        name: [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        if isinstance(table, dict)
        else table
        for name, table in aggregates.items()
    }


# States ----------------------------------------------------------------------------------------------------------


def first_week(case: Case) -> Case:
    """Nothing is known before this week."""
    current = copy.deepcopy(case.figures.current)
    for row in current["summary_by_week"][:-1]:
        row.update({key: None if key in _JUDGED else 0 for key in row if key != "week_start"})
    last = current["summary_by_week"][-1]["week_start"]
    current["people_by_week"] = [row for row in current["people_by_week"] if row["week_start"] == last]
    return replace(case, figures=Figures(current, _nothing(current)))


def empty_week(case: Case) -> Case:
    """No session of the owner's; what runs by itself ran."""
    current = _nothing(case.figures.current)
    weeks = current["summary_by_week"] = copy.deepcopy(case.figures.current["summary_by_week"])
    weeks[-1].update({key: 0 for key in weeks[-1] if key != "week_start"})
    current["automated_sessions"] = case.figures.current["automated_sessions"]
    current["coverage"][0]["automated_count"] = case.figures.current["coverage"][0]["automated_count"]
    return replace(case, figures=Figures(current, case.figures.previous))


def partly_read(case: Case) -> Case:
    """24 of 42 sessions were read, 17 wait, 1 failed."""
    current = copy.deepcopy(case.figures.current)
    current["coverage"][0].update(read_count=24, waiting_count=17)
    for row in (current["summary"][0], current["summary_by_week"][-1]):
        row.update(read_count=24, judged_count=23, reached_count=17, read_minutes=900.0, priority_minutes=580.0)
        row.update(time_saved_known_count=22, friction_session_count=13, shared_session_count=2, named_session_count=10)
    for row in (current["summary"][0], current["summary_by_week"][-1]):
        row.update(read_count=24, course_corrections=22, mcp_failures=11, retry_loops=3, cut_short_count=2)
    return replace(case, figures=Figures(current, case.figures.previous))


def read_offline(case: Case) -> Case:
    """Read by rules, this week and before: what only a reader can judge is unknown."""
    figures = copy.deepcopy(case.figures)
    for aggregates in (figures.current, figures.previous):
        coverage = aggregates["coverage"][0]
        coverage.update(facet_cost_usd=0.0, readers=[])
        coverage["readers"] = [{"reader": "offline", "model": "offline", "session_count": coverage["read_count"]}]
        for name in ("summary", "summary_by_week", "summary_by_month", "value_by_business", *_RETURNS):
            for row in aggregates.get(name, []):
                row.update(time_saved_minutes=None, time_saved_known_count=0)
    return replace(case, figures=figures)


def reader_changed(case: Case) -> Case:
    """Rules read up to Tuesday, a model from Wednesday 18 November on."""
    readers = _read_by(case.window, date(2026, 11, 18), ("offline", 2), ("claude-haiku-5-5", 4))
    return replace(case, figures=replace(case.figures, current={**case.figures.current, "readers_by_day": readers}))


def month_reader_changed(case: Case) -> Case:
    """One model up to September, another one in October."""
    readers = _read_by(case.window, case.window.start, ("claude-haiku-5", 4), ("claude-haiku-5-5", 4))
    return replace(case, figures=replace(case.figures, current={**case.figures.current, "readers_by_day": readers}))


def _read_by(window: Window, change: date, *readers: tuple[str, int]) -> Rows:
    """`readers_by_day`: six sessions a day, by the first reader before the change and by the second from then on."""
    days = [window.end - timedelta(days=number) for number in range(184, 0, -1)]
    return [
        {"activity_date": str(day), "model": model, "prompt_version": version, "session_count": 6}
        for day in days
        for model, version in [readers[day >= change]]
    ]


def level_week(case: Case) -> Case:
    """This week is last week once more."""
    current = copy.deepcopy(case.figures.previous)
    current["summary_by_week"] = copy.deepcopy(case.figures.current["summary_by_week"])
    weeks = current["summary_by_week"]
    weeks[-1] = {**weeks[-2], "week_start": weeks[-1]["week_start"]}
    return replace(case, figures=Figures(current, case.figures.previous))


def unread_week(case: Case) -> Case:
    """Sessions there are, but none was read yet."""
    current = _nothing(case.figures.current)
    kept = ("attention_by_day", "attention_by_business", "tool_failures", "automated_sessions", "skills_used")
    for name in (*kept, "summary", "summary_by_week", "coverage"):
        current[name] = copy.deepcopy(case.figures.current[name])
    for name in ("attention_by_day", "attention_by_business"):
        merged: dict[Any, dict[str, Any]] = {}
        for row in current[name]:
            into = merged.setdefault(row.get("activity_date"), {**dict.fromkeys(row, 0), "business": None})
            into.update({key: into[key] + row[key] for key in row if key not in ("activity_date", "business")})
            into |= {key: row[key] for key in row if key == "activity_date"}
        current[name] = list(merged.values())
    for row in (current["summary"][0], current["summary_by_week"][-1]):
        row.update(read_count=0, **{key: None for key in _JUDGED if key in row})
        row.update({key: 0 for key in row if key in _ZEROES_UNREAD})
    current["coverage"][0].update(read_count=0, waiting_count=42, failed_count=0, readers=[])
    return replace(case, figures=Figures(current, case.figures.previous))


def last_month(case: Case) -> Narrative:
    """The narrative of September, with the targets that October is measured by."""
    text = SectionText(headline="Nothing to say")
    sections = dict.fromkeys((*SECTION_NAMES, *MONTH_SECTION_NAMES), text)
    asked = (
        ("Write first in half of the contacts", "proactive_share", "", 46, 50),
        ("Fewer loops per 10 sessions", "loops_per_ten", "", 2.9, 2.5),
        ("Studio’s share of minutes", "business_share", "studio", 41, 45),
    )
    targets = tuple(
        KeptTarget(title=title, why="As it was.", metric=metric, by=by, start=start, to=to, measured_by="October.")
        for title, metric, by, start, to in asked
    )
    return Narrative(headline="September", lede="", targets=targets, **sections)


def first_month(case: Case) -> Case:
    """Nothing is known before this month."""
    current = copy.deepcopy(case.figures.current)
    for row in current["summary_by_month"][:-1]:
        row.update({key: None if key in _JUDGED else 0 for key in row if key != "month_start"})
    return replace(case, figures=Figures(current, _nothing(current)))


def second_month(case: Case) -> Case:
    """The first session ever was on 20 September."""
    current = copy.deepcopy(case.figures.current)
    for row in current["summary_by_month"][:-2]:
        row.update({key: None if key in _JUDGED else 0 for key in row if key != "month_start"})
    previous = copy.deepcopy(case.figures.previous)
    previous["attention_by_day"] = [
        {"activity_date": f"2026-09-{day}", "business": "studio", "session_count": 9, "active_minutes": 300.0}
        for day in range(20, 31)
    ]
    return replace(case, figures=Figures(current, previous))


def empty_month(case: Case) -> Case:
    """No session of the owner's in the month, but in those before."""
    current = _nothing(case.figures.current)
    for name in ("summary_by_month", "summary_by_week"):
        current[name] = copy.deepcopy(case.figures.current[name])
        current[name][-1].update({key: 0 for key in current[name][-1] if not key.endswith("_start")})
    return replace(case, figures=Figures(current, case.figures.previous))


MONTH_STATES = {
    "monthly": lambda case: case,
    "first_month": first_month,
    "empty_month": empty_month,
    "month_read_offline": lambda case: read_offline(case),
    "month_reader_changed": month_reader_changed,
    "second_month": second_month,
}

STATES = {
    "weekly": lambda case: case,
    "first_week": first_week,
    "empty_week": empty_week,
    "partly_read": partly_read,
    "read_offline": read_offline,
    "reader_changed": reader_changed,
    "level_week": level_week,
    "unread_week": unread_week,
}


def _nothing(like: dict[str, Rows]) -> dict[str, Rows]:
    """A window without any session: tables of one row a window keep it, with zeros."""
    return {
        name: [{key: [] if key == "readers" else 0 for key in row} for row in rows] if name in _ONE_ROW else []
        for name, rows in like.items()
    }
