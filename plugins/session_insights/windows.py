"""Whole local days, half-open: what a report, a figure or a selection is about."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from session_insights.errors import SettingsError

Period = Literal["weekly", "monthly"]


@dataclass(frozen=True)
class Window:
    """Local dates: `start` ≤ day < `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise SettingsError(f"The window from {self.start} to {self.end} holds no day; give since ≤ until.")

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days)]

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def previous(self) -> Window:
        """The window to compare with: the calendar month before a whole month, else as many days before."""
        if self == month_of(self.start):
            return month_of(self.start - timedelta(days=1))
        return Window(self.start - (self.end - self.start), self.start)


def month_of(day: date) -> Window:
    first = day.replace(day=1)
    return Window(first, first + timedelta(days=calendar.monthrange(day.year, day.month)[1]))


def parse_day(value: str | date | None, name: str) -> date | None:
    """A date as a person gives it: 2026-11-15."""
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise SettingsError(f"{name}: '{value}' is not a date; write it as 2026-11-15.") from None


def resolve_window(
    period: Period,
    *,
    time_zone: ZoneInfo,
    run_at: datetime,
    since: str | date | None = None,
    until: str | date | None = None,
) -> Window:
    """One rule for every DAG and every way of starting it.

    Args:
        run_at: The moment that the run stands for: the end of its data interval, else when it was due.
        since: First day. Wins over `run_at`.
        until: Last day, included.

    Returns:
        Weekly: the 7 days before the last Sunday at or before `run_at`. Monthly: the calendar month before `run_at`.
    """
    first, last = parse_day(since, "since"), parse_day(until, "until")
    today = run_at.astimezone(time_zone).date()
    if first is not None or last is not None:
        span = timedelta(days=6 if period == "weekly" else 29)
        first = first if first is not None else (last or today) - span
        last = last if last is not None else first + span
        return Window(first, last + timedelta(days=1))
    if period == "weekly":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        return Window(sunday - timedelta(days=7), sunday)
    return month_of(today.replace(day=1) - timedelta(days=1))
