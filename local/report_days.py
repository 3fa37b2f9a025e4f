"""Which days the first report is about: the last full week, or, with no session in it, the newest days there are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from session_insights.reports.publishing import name_report
from session_insights.windows import Period, Window, resolve_window

_NEWEST = """
select max(day.activity_date) as activity_date
from insights.session_days as day
where day.human_prompt_count > 0 and exists (
    select 1 from insights.window_sessions(day.activity_date, day.activity_date + 1) as mine
    where mine.session_id = day.session_id
)
"""


def choose_report_days(insights_url: str, *, now: dt.datetime) -> dict[str, str]:
    """Parameters for the weekly report: none where the last full week has sessions, else `since` and `until`.

    Somebody who started with Claude Code this week would else be shown an empty page.
    """
    with psycopg.connect(insights_url, connect_timeout=10) as connection:
        zone = _load_zone(connection)
        if zone is None:
            return {}
        week = resolve_window("weekly", time_zone=zone, run_at=now)
        sessions = connection.execute(
            "select count(*) from insights.window_sessions(%s, %s)", [week.start, week.end]
        ).fetchone()
        newest = connection.execute(_NEWEST.encode()).fetchone()
    if newest is None or newest[0] is None or (sessions and sessions[0]):
        return {}
    return {"since": (newest[0] - dt.timedelta(days=6)).isoformat(), "until": newest[0].isoformat()}


def find_earlier_windows(insights_url: str, *, now: dt.datetime) -> dict[Period, Window]:
    """The week and the month before those that are reported; none that has no session.

    A report says what became of the advice and the targets of the one before it, so there must be one.
    """
    with psycopg.connect(insights_url, connect_timeout=10) as connection:
        zone = _load_zone(connection)
        if zone is None:
            return {}
        periods: tuple[Period, ...] = ("weekly", "monthly")
        earlier = {each: resolve_window(each, time_zone=zone, run_at=now).previous() for each in periods}
        found = {}
        for period, window in earlier.items():
            row = connection.execute(
                "select count(*) from insights.window_sessions(%s, %s)", [window.start, window.end]
            ).fetchone()
            if row and row[0]:
                found[period] = window
    return found


def describe_month(insights_url: str, reports_dir: Path, *, now: dt.datetime) -> str:
    """Where the report of the last calendar month is: its DAG makes it by itself, as soon as it is let go."""
    with psycopg.connect(insights_url, connect_timeout=10) as connection:
        zone = _load_zone(connection) or ZoneInfo("UTC")
    page = reports_dir / f"{name_report('monthly', resolve_window('monthly', time_zone=zone, run_at=now))}.html"
    return str(page) if page.exists() else f"{page}, in a minute: insights_monthly_deep_dive is making it"


def _load_zone(connection: psycopg.Connection[Any]) -> ZoneInfo | None:
    """The profile's time zone, as the sync has used it; None before the first one."""
    row = connection.execute("select min(time_zone) from insights.session_days").fetchone()
    return ZoneInfo(row[0]) if row and row[0] else None
