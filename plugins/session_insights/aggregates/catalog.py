"""The aggregates that there are, and the kind of period that a window is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from session_insights.errors import SettingsError
from session_insights.store.queries import load_sql, names_in
from session_insights.windows import Period, Window, month_of

PeriodType = Literal["weekly", "monthly", "custom"]
SUNDAY = 6  # of date.weekday()


@dataclass(frozen=True)
class Aggregate:
    """One SQL file in `include/sql/aggregates/`."""

    name: str
    title: str  # what it tells, in one line: the file's first


def find_aggregates() -> list[Aggregate]:
    """The aggregates of a week, by name.

    Raises:
        SettingsError: A file does not start with `-- <name>: <what it tells>`.
    """
    return [Aggregate(name, _read_title(name)) for name in names_in("aggregates")]


def period_type_of(period: Period, window: Window) -> PeriodType:
    """Weekly is 7 days from a Sunday, monthly a calendar month; any other window is custom."""
    if period == "weekly" and window.start.weekday() == SUNDAY and window.end - window.start == timedelta(days=7):
        return "weekly"
    if period == "monthly" and window == month_of(window.start):
        return "monthly"
    return "custom"


def _read_title(name: str) -> str:
    head = load_sql(f"aggregates/{name}").partition("\n")[0]
    start, _, title = head.partition(": ")
    if start != f"-- {name}" or not title:
        raise SettingsError(f"include/sql/aggregates/{name}.sql: the first line must read '-- {name}: what it tells.'")
    return title
