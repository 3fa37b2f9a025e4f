"""What text and report both say of a window, worked out once from its aggregates. None is unknown, never nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from session_insights.readers import ReaderChange, find_changes, series_since, without_judged
from session_insights.windows import Window, month_of

WELL_COVERED = 0.8  # share of the sessions that must have been read for a sum to stand for all of them
Row = Mapping[str, Any]
Rows = list[dict[str, Any]]
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
    changes: Mapping[int, ReaderChange]  # of the reader, by the place of the week or month that it comes before


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
    """A window beside the one before it. Across a change of the reader, `previous` and `was` know nothing judged."""

    current: Aggregates
    previous: Aggregates
    now: Measures
    was: Measures
    window: Window
    is_first: bool  # no session of yours is known before this window
    is_offline: bool  # every session was read by rules
    is_month: bool  # a calendar month with the figures of a monthly report
    reader_change: ReaderChange | None  # between the two

    @cached_property
    def series(self) -> Series:
        """Six months up to the window where it is a month, else eight weeks up to its end."""
        noun = "month" if self.is_month else "week"
        rows = self.current.get(f"summary_by_{noun}", [])
        changes = find_changes(self.current.get("readers_by_day", []), series_windows(rows))
        return Series(noun, tuple(measure_row(row) for row in rows), changes)

    @cached_property
    def week_changes(self) -> dict[int, ReaderChange]:
        """Changes of the reader in the eight weeks of friction, by the place of the week that they come before."""
        weeks = series_windows(self.current.get("summary_by_week", []))
        return find_changes(self.current.get("readers_by_day", []), weeks)

    @property
    def has_past(self) -> bool:
        return not self.is_first

    @property
    def has_judged_past(self) -> bool:
        """What was judged may be compared: there is a past, and the same reader read it."""
        return self.has_past and self.reader_change is None

    @cached_property
    def known_since(self) -> date | None:
        """The day of the first session ever, where it lies within the window before: that is then no whole one."""
        before, earlier = self.window.previous(), self.series.measures[:-2]
        is_in_series = self.is_month or len(before.days) == 7
        if not is_in_series or not earlier or any(one.session_count for one in earlier):
            return None
        rows = self.previous.get("attention_by_day", [])
        first = min((date.fromisoformat(str(row["activity_date"])[:10]) for row in rows), default=before.start)
        return first if first > before.start else None

    @property
    def has_whole_past(self) -> bool:
        """The window before is known from its first day on, so that sums may be compared."""
        return self.has_past and self.known_since is None

    def past(self, last: str, value: str | None, *, is_judged: bool = True) -> str:
        """What stands beside a figure: last week 71%."""
        if value is None and is_judged and self.reader_change:
            return f"another reader {last}"
        return f"{last} {'unknown' if value is None else value}"

    @property
    def is_comparable(self) -> bool:
        """Nearly all sessions of both were read, by one reader, so that sums of what was judged may be compared."""
        return (
            self.has_judged_past
            and self.has_whole_past
            and all(
                side.session_count and side.read_count >= WELL_COVERED * side.session_count
                for side in (self.now, self.was)
            )
        )


def compare(current: Aggregates, previous: Aggregates, window: Window) -> Comparison:
    """`window` is the days of `current`."""
    is_month = window == month_of(window.start) and bool(current.get("summary_by_month"))
    earlier = current.get("summary_by_month" if is_month else "summary_by_week", [])[:-1]
    if not is_month:
        # A week that reaches into the window is not earlier than it.
        edge = (window.start - timedelta(days=7)).isoformat()
        earlier = [row for row in earlier if str(row["week_start"])[:10] <= edge]
    change = find_changes(current.get("readers_by_day", []), (window.previous(), window)).get(1)
    before = without_judged(previous) if change else previous
    return Comparison(
        current=current,
        previous=before,
        now=measure(current),
        was=measure(before),
        window=window,
        is_first=not measure(previous).session_count and not any(row.get("session_count") for row in earlier),
        is_offline=is_read_offline(current),
        is_month=is_month,
        reader_change=change,
    )


def comparable(current: Aggregates, previous: Aggregates, window: Window) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """The aggregates of both windows without what does not compare with this one: for a text, which compares freely."""
    kept = dict(current)
    for name in ("summary_by_week", "summary_by_month"):
        rows = current.get(name, [])
        changes = find_changes(current.get("readers_by_day", []), series_windows(rows))
        if changes:
            kept[name] = series_since(rows, max(changes))
            # Who went quiet shows in weeks side by side.
            kept |= {"people_by_week": [], "people_by_calendar_week": []}
    return kept, dict(compare(current, previous, window).previous)


def series_windows(rows: Sequence[Row]) -> list[Window]:
    """The weeks or calendar months that rows of a series stand for."""
    windows = []
    for row in rows:
        start = date.fromisoformat(str(row.get("week_start") or row["month_start"])[:10])
        windows.append(Window(start, start + timedelta(days=7)) if row.get("week_start") else month_of(start))
    return windows
