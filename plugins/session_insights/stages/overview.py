"""The figures of any days, live and filtered, as the content of a page."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from queue import Empty, SimpleQueue
from typing import Any

from session_insights.aggregates.catalog import find_aggregates
from session_insights.narratives.writing import write_offline
from session_insights.profile import Profile
from session_insights.records import Figures, Rows
from session_insights.reports.attention import DayLink
from session_insights.reports.content import Content, ReportFacts, build_content
from session_insights.store import dashboard as store
from session_insights.store.database import Connection, plan_once, same_moment
from session_insights.store.together import is_shared, load_together
from session_insights.windows import Window

# Aggregates of which no page shows the days before: some reach back by themselves.
ONLY_NOW = {
    "attention_by_day",
    "coverage",
    "longest_sessions",
    "outcomes",
    "people_by_week",
    "readers_by_day",
    "summary_by_week",
    "tokens_by_model",
    "unread_sessions",
    "value_by_business",
    "workflow_mix",
}


@dataclass(frozen=True)
class Overview:
    """What an overview shows, all of one moment."""

    data_version: store.DataVersion
    content: Content
    unread_count: int  # sessions of yours that failed or wait
    anomalies: list[dict[str, Any]]  # none where a filter is on: they are about all sessions
    last_sync: dict[str, Any]
    offered: dict[str, list[str | None]]  # projects, machines and initiators to filter by


def build_overview(
    connection: Connection,
    window: Window,
    session_filter: Mapping[str, str | None],
    profile: Profile,
    *,
    made_at: datetime,
    link_days: DayLink | None = None,
    beside: Connection | None = None,
) -> Overview:
    """Count the aggregates of a weekly report for any days, beside the days before.

    Args:
        session_filter: Values that a session must have: machine, project, initiated_by, business; None is unknown.
        link_days: Where the sessions of a day are listed.
        beside: A second connection, for half of the work.
    """
    with connection.transaction(), same_moment(connection, beside) if beside else nullcontext():
        data_version = store.load_version(connection)
        last_sync, offered = store.load_last_sync(connection), store.load_offered(connection)
        anomalies = [] if session_filter else store.load_anomalies(connection, window)
        figures = load_live_figures(connection, window, session_filter, beside)
    content = build_content(
        figures,
        write_offline(figures, profile, window),
        profile,
        window,
        ReportFacts(made_at=made_at, version=version("session-insights")),
        link_days=link_days,
    )
    [coverage] = figures.current["coverage"]
    unread_count = coverage["session_count"] - coverage["read_count"]
    return Overview(data_version, content, unread_count, anomalies, last_sync, offered)


def load_live_figures(
    connection: Connection,
    window: Window,
    session_filter: Mapping[str, str | None],
    beside: Connection | None = None,
) -> Figures:
    """Run the aggregates of a weekly report for a window, and for the one before where that is shown.

    Args:
        beside: A second connection that sees the same moment, for half of the work.
    """
    names = [aggregate.name for aggregate in find_aggregates("weekly")]
    current: dict[str, Rows] = {}
    previous: dict[str, Rows] = {}
    jobs: SimpleQueue[tuple[dict[str, Rows], list[str], Window]] = SimpleQueue()
    # The longest first: whoever is done takes the next.
    jobs.put((current, [name for name in names if is_shared(name)], window))
    jobs.put((previous, [name for name in names if name not in ONLY_NOW], window.previous()))
    for name in names:
        if not is_shared(name):
            jobs.put((current, [name], window))

    def work(own: Connection) -> None:
        with suppress(Empty):
            while True:
                found, wanted, days = jobs.get_nowait()
                found |= load_together(own, wanted, days)

    with connection.transaction(), ThreadPoolExecutor(1) as thread:
        for one in {connection, beside or connection}:
            plan_once(one)
            store.set_filter(one, session_filter)
        helped = thread.submit(work, beside) if beside else None
        work(connection)
        if helped:
            helped.result()
    return Figures(current=current, previous=previous)


def today_of(profile: Profile, now: datetime) -> date:
    return now.astimezone(profile.zone).date()
