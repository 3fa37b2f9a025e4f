"""Who read the sessions of a period, and where that changed: judged figures of different readers do not compare."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from session_insights.windows import Window
from session_insights.wording import day_range, long_day, shorten

ALIKE = 0.8  # share of the reading that two periods must have in common
RULES = "offline"
_Reader = tuple[str, int]  # model, or `offline` for rules, with the version of what it is asked
_Mix = Counter[_Reader]  # reader → sessions


@dataclass(frozen=True)
class ReaderChange:
    """Between two periods, one after the other."""

    window: Window  # both of them
    day: date | None  # the first one of the new reader; None where readers are mixed on both sides
    before: str
    after: str

    @property
    def sentence(self) -> str:
        if self.day is None:
            span = day_range(self.window.start, self.window.last_day)
            return f"Sessions from {span} were read by several readers: their judged figures do not compare."
        return (
            f"Reader changed on {long_day(self.day)}, from {self.before} to {self.after}: "
            "judged figures before and after do not compare."
        )


def model_name(name: str) -> str:
    """Haiku 5.5, of claude-haiku-5-5; any other name as it is."""
    family, _, version = name.removeprefix("claude-").partition("-")
    digits = version.split("-")[:2]
    if name.startswith("claude-") and family.isalpha() and all(part.isdigit() and len(part) < 3 for part in digits):
        return f"{family.capitalize()} {'.'.join(digits)}"
    return shorten(name, 40)


def find_changes(rows: Iterable[Mapping[str, Any]], windows: Sequence[Window]) -> dict[int, ReaderChange]:
    """Where the reader of a period is not that of the one before, by the period's place.

    Args:
        rows: Of `readers_by_day`.
        windows: Oldest first. One in which nothing was read is passed over.
    """
    days = _by_day(rows)
    found: dict[int, ReaderChange] = {}
    last: tuple[Window, _Mix] | None = None
    for place, window in enumerate(windows):
        mix = _mix(days, window)
        if not mix:
            continue
        if last is not None and _overlap(last[1], mix) < ALIKE:
            found[place] = _locate(days, Window(last[0].start, window.end))
        last = window, mix
    return found


def _by_day(rows: Iterable[Mapping[str, Any]]) -> dict[date, _Mix]:
    days: dict[date, _Mix] = {}
    for row in rows:
        day = date.fromisoformat(str(row["activity_date"])[:10])
        days.setdefault(day, Counter())[(str(row["model"]), row["prompt_version"])] += row["session_count"]
    return days


def _mix(days: Mapping[date, _Mix], window: Window) -> _Mix:
    return sum((mix for day, mix in days.items() if window.start <= day < window.end), _Mix())


def _overlap(one: _Mix, other: _Mix) -> float:
    """The share that two mixes have in common, from 0 to 1."""
    return sum(min(one[reader] / one.total(), other[reader] / other.total()) for reader in one)


def _locate(days: Mapping[date, _Mix], window: Window) -> ReaderChange:
    """The day that parts the readers best: fewest sessions before and from then on are not of the main reader there."""
    read = sorted(day for day in days if window.start <= day < window.end)
    before, after = _Mix(), _mix(days, window)
    splits = []
    for day, following in itertools.pairwise(read):
        before, after = before + days[day], after - days[day]
        mains = _main(before), _main(after)
        strays = before.total() - before[mains[0]] + after.total() - after[mains[1]]
        splits.append((strays, following, mains))
    _, day, (one, other) = min(splits)
    return ReaderChange(window, None, "", "") if one == other else ReaderChange(window, day, *_names(one, other))


def _main(mix: _Mix) -> _Reader:
    return max(sorted(mix), key=lambda reader: mix[reader])


def _names(before: _Reader, after: _Reader) -> tuple[str, str]:
    """The version is named where nothing else tells two readers apart."""
    one, other = ("rules" if model == RULES else model_name(model) for model, _ in (before, after))
    if one == other:
        return f"{one}, version {before[1]} of its question,", f"version {after[1]}"
    return one, other


# What to leave out of a comparison ---------------------------------------------------------------------------------

# A reader's judgement; what is not here is counted by code, whoever reads.
JUDGED_COLUMNS = (
    "judged_count", "reached_count", "course_corrections", "time_saved_minutes", "time_saved_known_count",
    "decisions_made", "knowledge_filed", "people_count", "contact_count", "priority_minutes",
    "friction_session_count", "shared_session_count", "named_session_count",
)  # fmt: skip
_JUDGED_AGGREGATES = (
    "attention_by_business", "priority_alignment", "priority_shares", "outcomes", "workflow_mix", "friction_origin",
    "skills_missed", "relationship_pulse", "people_by_week", "people_by_calendar_week", "value_by_business",
    "value_by_skill",
)  # fmt: skip
_SERIES = ("summary_by_week", "summary_by_month")


def is_judged(finding: str) -> bool:
    """Whether a reader decides that a row of `top_friction` is there; calls that fail are counted."""
    return finding != "retry_loops" and not finding.startswith("connector:")


def without_judged(aggregates: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """A window's aggregates without what another reader judged: unknown, where there is a row for it."""
    kept = {name: rows for name, rows in aggregates.items() if name not in (*_JUDGED_AGGREGATES, *_SERIES)}
    kept["summary"] = [_blank(row) for row in kept.get("summary", [])]
    kept["top_friction"] = [row for row in kept.get("top_friction", []) if not is_judged(row["finding"])]
    kept["attention_by_day"] = [{**row, "business": None} for row in kept.get("attention_by_day", [])]
    return kept


def series_since(rows: list[dict[str, Any]], place: int) -> list[dict[str, Any]]:
    """A series of which nothing judged is known before a place."""
    return [*map(_blank, rows[:place]), *rows[place:]]


def _blank(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if name in JUDGED_COLUMNS else value for name, value in row.items()}
