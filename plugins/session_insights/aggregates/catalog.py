"""The aggregates that there are, to which report each belongs, and the kind of period that a window is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast, get_args

from session_insights.errors import SettingsError
from session_insights.store.queries import load_sql, names_in
from session_insights.windows import Period, Window, month_of

PeriodType = Literal["weekly", "monthly", "custom"]
SUNDAY = 6  # of date.weekday()
_PERIOD = re.compile(r"^-- Period: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Aggregate:
    """One SQL file in `include/sql/aggregates/`."""

    name: str
    title: str  # what it tells, in one line: the file's first
    only_in: Period | None = None  # the one report that it belongs to, as its head says; None: every report


def find_aggregates(period: Period | None = None) -> list[Aggregate]:
    """The aggregates of a report, by name; of all reports without `period`.

    Raises:
        SettingsError: A file does not start with `-- <name>: <what it tells>`, or names a period that there is not.
    """
    found = [Aggregate(name, _read_title(name), _read_period(name)) for name in names_in("aggregates")]
    return [aggregate for aggregate in found if period is None or aggregate.only_in in (None, period)]


def period_type_of(period: Period, window: Window) -> PeriodType:
    """Weekly is 7 days from a Sunday, monthly a calendar month; any other window is custom."""
    if period == "weekly" and window.start.weekday() == SUNDAY and window.end - window.start == timedelta(days=7):
        return "weekly"
    if period == "monthly" and window == month_of(window.start):
        return "monthly"
    return "custom"


def _read_period(name: str) -> Period | None:
    named = _PERIOD.search(load_sql(f"aggregates/{name}"))
    if named is None:
        return None
    for period in get_args(Period):
        if named[1] == period:
            return cast(Period, period)
    raise SettingsError(
        f"include/sql/aggregates/{name}.sql: 'Period: {named[1]}' must be one of {', '.join(get_args(Period))}."
    )


def _read_title(name: str) -> str:
    head = load_sql(f"aggregates/{name}").partition("\n")[0]
    start, _, title = head.partition(": ")
    if start != f"-- {name}" or not title:
        raise SettingsError(f"include/sql/aggregates/{name}.sql: the first line must read '-- {name}: what it tells.'")
    return title
