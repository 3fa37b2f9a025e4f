"""Every link of an overview leads to a list with as many sessions as the figure counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi.testclient import TestClient
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from session_insights.dashboard.choices import Choice, parse_choice
from session_insights.dashboard.filters import parse_filters
from session_insights.dashboard.sessions import search_sessions
from session_insights.records import Figures
from session_insights.stages.overview import load_live_figures
from session_insights.store.database import Connection
from session_insights.windows import Window
from tests.dashboard.conftest import OpenClient
from tests.sql.given import insert_rows
from tests.sql.history import Row, sessions, tables_of

Query = dict[str, str]
LINK = re.compile(r'<a href="(/sessions\?[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
ADDRESSES = (
    "since=2026-11-15&until=2026-11-21",
    "since=2026-11-08&until=2026-11-21",
    "since=2026-10-20&until=2026-11-18",
    "since=2026-08-24&until=2026-11-21",
    "since=2026-11-15&until=2026-11-21&business=shop",
    "since=2026-10-20&until=2026-11-18&business=unknown",
    "since=2026-09-25&until=2026-11-21&project=tours&initiated_by=webhook",
    "since=2026-09-25&until=2026-11-21&machine=desk",
)
# Where a list stands behind a sum of minutes, calls or things, it has a session if the sum is more than nothing.
SUMS = {
    "corrections": "course_corrections",
    "mcp_failures": "mcp_failures",
    "retry_loops": "retry_loops",
    "cut_short": "cut_short_count",
    "time_saved": "time_saved_minutes",
    "artifacts": "artifacts_created",
    "decisions": "decisions_made",
    "knowledge": "knowledge_filed",
}


def test_a_list_has_as_many_sessions_as_the_figure_that_leads_to_it(
    connection: Connection, open_client: OpenClient, database_url: str
) -> None:
    kinds: set[str] = set()

    @given(history=st.lists(sessions, min_size=10, max_size=14))
    @settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate], database=None)
    def walk(history: list[Row]) -> None:
        _fill(connection, history)
        client = open_client(database_url)
        for address in ADDRESSES:
            kinds.update(_follow_links(connection, client, address))

    walk()
    assert kinds >= {
        "business", "category", "friction", "has", "initiated_by", "outcome", "person", "priority", "reading", "skill",
        "skill_missed", "tool",
    }  # fmt: skip


def _follow_links(connection: Connection, client: TestClient, address: str) -> set[str]:
    """Compare every link of a page with its figure; what links ask for."""
    choice, kinds = parse_choice(dict(parse_qsl(address)), date(2026, 11, 22)), set[str]()
    figures = load_live_figures(connection, choice.window, choice.session_filter)
    for query, text in _links(client, address):
        _, more = _split(query, choice)
        kinds |= more.keys()
        listed = _count(connection, query)
        if {"has", "tool"} & more.keys():
            assert (listed > 0) == (_sum(figures, more) > 0), f"{address}: {text} leads to {listed}: {query}"
        else:
            assert listed == _expected(connection, figures, choice, query), f"{address}: {text}: {query}"
    return kinds


def _fill(connection: Connection, history: list[Row]) -> None:
    connection.execute("truncate insights.claude_sessions cascade")
    tables = tables_of(history)
    for number, row in enumerate(tables["claude_sessions"]):
        row |= {"machine": ("laptop", "desk")[number % 2], "project": ("tours", "shop", None)[number % 3]}
    insert_rows(connection, tables)


def _links(client: TestClient, address: str) -> Iterator[tuple[Query, str]]:
    answer = client.get(f"/?{address}")
    assert answer.status_code == 200, answer.text
    found = LINK.findall(answer.text)
    assert found
    for href, text in found:
        yield dict(parse_qsl(urlsplit(unescape(href)).query)), re.sub("<[^>]*>", " ", text)


def _split(query: Query, choice: Choice) -> tuple[Window, Query]:
    """The days of a link, and what it asks beside days, the page's filters and the order."""
    window = Window(date.fromisoformat(query["since"]), date.fromisoformat(query["until"]) + timedelta(days=1))
    kept = {name: value for name, value in choice.filters if query.get(name) == value}
    return window, {k: v for k, v in query.items() if k not in ("since", "until", "sort", *kept)}


def _count(connection: Connection, query: Query) -> int:
    rows, _ = search_sessions(connection, parse_filters(query))
    return rows[0]["total_count"] if rows else 0


def _sum(figures: Figures, more: Query) -> float:
    if "tool" in more:
        return sum(row["call_count"] for row in figures.current["tool_failures"] if row["tool"] == more["tool"])
    column = SUMS[more["has"]]
    if "business" not in more:
        return figures.current["summary"][0][column] or 0
    business = None if more["business"] == "unknown" else more["business"]
    return sum(row[column] or 0 for row in figures.current["value_by_business"] if row["business"] == business)


def _expected(connection: Connection, figures: Figures, choice: Choice, query: Query) -> int:
    """What the aggregates count where a link leads."""
    window, more = _split(query, choice)
    if window != choice.window:  # a bar, or an anomaly
        figures = load_live_figures(connection, window, choice.session_filter)
    [summary], [coverage] = figures.current["summary"], figures.current["coverage"]

    def row(name: str, column: str, value: str | None, count: str = "session_count") -> int:
        return sum(row[count] for row in figures.current[name] if row[column] == value)

    def known(name: str) -> str | None:
        return None if more[name] == "unknown" else more[name]

    match sorted(more):
        case []:
            return int(summary["session_count"])
        case ["business"]:
            return row("attention_by_business", "business", known("business"))
        case ["business", "reading"]:
            return row("value_by_business", "business", known("business"), "read_count")
        case ["reading"]:
            read = summary["read_count"]
            return int(read if more["reading"] == "read" else coverage["session_count"] - read)
        case ["outcome"]:
            return int(summary["reached_count"])
        case ["priority"] if more["priority"] == "any":
            return sum(r["session_count"] for r in figures.current["priority_shares"] if r["priority_matched"])
        case ["priority"]:
            return row("priority_shares", "priority_matched", None if more["priority"] == "none" else more["priority"])
        case ["person"] if more["person"] == "any":
            return int(summary["named_session_count"])
        case ["person"]:
            return row("relationship_pulse", "person", more["person"], "contact_count")
        case ["skill"]:
            return row("skills_used", "skill", more["skill"])
        case ["skill_missed"]:
            return row("skills_missed", "skill", more["skill_missed"])
        case ["friction"]:
            return row("top_friction", "finding", more["friction"])
        case ["category"]:
            return sum(r["session_count"] for r in figures.current["automated_sessions"])
        case ["category", "initiated_by"]:
            return row("automated_sessions", "initiated_by", known("initiated_by"))
    raise AssertionError(f"no figure is known for {more}")


def test_a_figure_of_calls_counts_a_call_of_another_day_nowhere(connection: Connection) -> None:
    """A session over two days failed on the second: the list of the first does not have it."""
    entry: dict[str, Any] = {"session_id": "a", "kind": "tool_error", "tool": "mcp__mail__send"}
    days = ("2026-11-17", "2026-11-18")
    insert_rows(
        connection,
        {
            "claude_sessions": [{"id": "a"}],
            "session_days": [{"session_id": "a", "activity_date": day} for day in days],
            "session_entries": [entry | {"at": "2026-11-18 17:00:00+00:00"}],
        },
    )
    counts = [_count(connection, {"since": day, "until": day, "friction": "connector:mail"}) for day in days]
    assert counts == [0, 1]
