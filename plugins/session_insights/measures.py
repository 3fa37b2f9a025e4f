"""What text and report both say of a window, worked out once from its aggregates. None is unknown, never nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from session_insights.windows import Window, month_of

WELL_COVERED = 0.8  # share of the sessions that must have been read for a sum to stand for all of them
Row = Mapping[str, Any]
Aggregates = Mapping[str, list[dict[str, Any]]]  # aggregate → rows; columns are in docs/figures.md


@dataclass(frozen=True)
class Measures:
    """One window, one week of the eight, or one month of the six."""

    session_count: int = 0
    read_count: int = 0
    active_minutes: float = 0
    read_minutes: float = 0  # active minutes of the sessions read
    total_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: float | None = 0  # None: no message has a list price
    unpriced_message_count: int = 0
    unfinished_message_count: int = 0
    judged_count: int = 0  # sessions whose outcome is known and clear
    priority_minutes: float | None = None
    reached_count: int | None = None
    course_corrections: int | None = None
    time_saved_minutes: float | None = None
    time_saved_known_count: int = 0
    artifacts_created: int | None = None
    decisions_made: int | None = None
    knowledge_filed: int | None = None
    people_count: int | None = None
    contact_count: int | None = None
    mcp_failures: int | None = None
    retry_loops: int | None = None
    cut_short_count: int | None = None
    friction_session_count: int | None = None  # sessions with a point in friction_counts
    shared_session_count: int | None = None  # sessions that served two businesses or more
    named_session_count: int | None = None  # sessions that named somebody


_COUNTED = (
    "session_count", "read_count", "active_minutes", "read_minutes", "total_tokens", "cache_read_tokens",
    "unpriced_message_count", "unfinished_message_count", "judged_count", "time_saved_known_count",
)  # fmt: skip
_JUDGED = (
    "priority_minutes", "reached_count", "course_corrections", "time_saved_minutes", "artifacts_created",
    "decisions_made", "knowledge_filed", "people_count", "contact_count", "mcp_failures", "retry_loops",
    "cut_short_count", "friction_session_count", "shared_session_count", "named_session_count",
)  # fmt: skip


def measure_row(row: Row) -> Measures:
    """A row of `summary`, `summary_by_week` or `summary_by_month`. Where nothing was read, nothing judged is known."""
    values: dict[str, Any] = {name: row.get(name) or 0 for name in _COUNTED}
    values["cost_usd"] = row.get("cost_usd") if row.get("session_count") else 0
    if not row.get("session_count"):
        # Where nothing happened, nothing is unknown.
        return Measures(**values, **dict.fromkeys(_JUDGED, 0))
    if values["read_count"] > 0:
        values |= {name: row.get(name) for name in _JUDGED}
        if not values["time_saved_known_count"]:
            values["time_saved_minutes"] = None
        if not values["judged_count"]:
            values["reached_count"] = None
    return Measures(**values)


def measure(aggregates: Aggregates) -> Measures:
    return measure_row(first_row(aggregates, "summary"))


@dataclass(frozen=True)
class Series:
    """What a window stands in line with, oldest first."""

    noun: str  # week or month
    measures: tuple[Measures, ...]


def first_row(aggregates: Aggregates, name: str) -> Row:
    rows = aggregates.get(name) or [{}]
    return rows[0]


def total(rows: list[dict[str, Any]], column: str) -> float:
    return float(sum(row.get(column) or 0 for row in rows))


def by_key(aggregates: Aggregates, name: str, key: str) -> dict[Any, dict[str, Any]]:
    """Rows of an aggregate under the value of one column, in their order."""
    return {row.get(key): row for row in aggregates.get(name, [])}


def is_read_offline(aggregates: Aggregates) -> bool:
    """Every session that was read was read by rules."""
    readers = first_row(aggregates, "coverage").get("readers") or []
    return bool(readers) and all(reader.get("reader") == "offline" for reader in readers)


def distinct_findings(aggregates: Aggregates) -> list[dict[str, Any]]:
    """`top_friction` without what it says twice: circles that are nothing but repeated calls in the same sessions."""
    rows = aggregates.get("top_friction", [])
    repeats = [_sessions_of(row) for row in rows if row["finding"] == "retry_loops"]
    return [row for row in rows if row["finding"] != "loop_detected" or _sessions_of(row) not in repeats]


def biggest_case(finding: Row) -> Row | None:
    """The session with most points of a finding; the evidence begins with it."""
    return next(iter(finding.get("evidence") or []), None)


def _sessions_of(row: Row) -> tuple[int, list[str]]:
    return row["session_count"], sorted(str(item.get("session_id")) for item in row.get("evidence") or [])


def connectors(aggregates: Aggregates) -> dict[str, dict[str, Any]]:
    """MCP servers under their plain name, with calls and errors."""
    return {
        str(row["tool"]).removesuffix(" (MCP)"): row
        for row in aggregates.get("tool_failures", [])
        if str(row["tool"]).endswith(" (MCP)") and (row.get("call_count") or 0) > 0
    }


@dataclass(frozen=True)
class Comparison:
    """A window beside the one before it."""

    current: Aggregates
    previous: Aggregates
    now: Measures
    was: Measures
    is_first: bool  # no session of yours is known before this window
    is_offline: bool  # every session was read by rules
    is_month: bool = False  # a calendar month with the figures of a monthly report

    @property
    def series(self) -> Series:
        """Six months up to the window where it is a month, else eight weeks up to its end."""
        noun = "month" if self.is_month else "week"
        return Series(noun, tuple(measure_row(row) for row in self.current.get(f"summary_by_{noun}", [])))

    @property
    def has_past(self) -> bool:
        return not self.is_first

    @property
    def is_comparable(self) -> bool:
        """Nearly all sessions of both were read, so that sums of what was judged may be compared."""
        return self.has_past and all(
            side.session_count and side.read_count >= WELL_COVERED * side.session_count for side in (self.now, self.was)
        )


def compare(current: Aggregates, previous: Aggregates, window: Window | None = None) -> Comparison:
    """`window` is the days of `current`; without it they are a week."""
    is_month = window is not None and window == month_of(window.start) and bool(current.get("summary_by_month"))
    earlier = current.get("summary_by_month" if is_month else "summary_by_week", [])[:-1]
    if window is not None and not is_month:
        # A week that reaches into the window is not earlier than it.
        edge = (window.start - timedelta(days=7)).isoformat()
        earlier = [row for row in earlier if str(row["week_start"])[:10] <= edge]
    return Comparison(
        current=current,
        previous=previous,
        now=measure(current),
        was=measure(previous),
        is_first=not measure(previous).session_count and not any(row.get("session_count") for row in earlier),
        is_offline=is_read_offline(current),
        is_month=is_month,
    )
