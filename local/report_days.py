"""Which days the first report is about: the last full week, or, with no session in it, the newest days there are."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import psycopg

from session_insights.windows import resolve_window

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
        zone = connection.execute("select min(time_zone) from insights.session_days").fetchone()
        if zone is None or zone[0] is None:
            return {}
        week = resolve_window("weekly", time_zone=ZoneInfo(zone[0]), run_at=now)
        sessions = connection.execute(
            "select count(*) from insights.window_sessions(%s, %s)", [week.start, week.end]
        ).fetchone()
        newest = connection.execute(_NEWEST.encode()).fetchone()
    if newest is None or newest[0] is None or (sessions and sessions[0]):
        return {}
    return {"since": (newest[0] - dt.timedelta(days=6)).isoformat(), "until": newest[0].isoformat()}
