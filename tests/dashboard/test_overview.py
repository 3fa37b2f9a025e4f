"""The overview: its figures, its filters, its links, its words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from session_insights.aggregates.catalog import find_aggregates
from session_insights.narratives.writing import write_offline
from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.reports.content import ReportFacts, build_content
from session_insights.stages.overview import load_live_figures
from session_insights.store.database import Connection, connect, same_moment
from session_insights.store.figures import load_rows
from session_insights.windows import Window
from tests.dashboard.given import BUSINESSES, INITIATORS, MACHINES, PROJECTS, WEEK, insert_sessions, session_rows
from tests.unit.reports.test_hostile_text import HOSTILE, Tags

WINDOW = Window(date(2026, 11, 15), date(2026, 11, 22))
COLUMNS = {"business": BUSINESSES, "project": PROJECTS, "machine": MACHINES, "initiated_by": INITIATORS}


def _get(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in COLUMNS.items() for value in values])
def test_a_filter_leaves_what_a_recount_leaves(connection: Connection, name: str, value: str | None) -> None:
    rows = session_rows()
    insert_sessions(connection, rows)
    figures = load_live_figures(connection, WINDOW, {name: value})
    for got, window in ((figures.current, WINDOW), (figures.previous, WINDOW.previous())):
        left = [row for row in rows if window.start <= row["day"] < window.end and row[name] == value]
        [summary] = got["summary"]
        assert summary["session_count"] == len(left) > 0
        assert summary["active_minutes"] == sum(row["minutes"] for row in left)
        assert summary["course_corrections"] == sum(row["corrections"] for row in left)
        by_business = {row["business"]: row["session_count"] for row in got["attention_by_business"]}
        assert by_business == {
            key: count for key in BUSINESSES if (count := sum(row["business"] == key for row in left))
        }
    assert figures.current["coverage"][0]["read_count"] == figures.current["summary"][0]["read_count"]


def test_two_filters_hold_together(connection: Connection) -> None:
    rows = session_rows()
    insert_sessions(connection, rows)
    [summary] = load_live_figures(connection, WINDOW, {"machine": "desk", "business": "indy-hall"}).current["summary"]
    left = [
        row for row in rows if row["day"] >= WINDOW.start and (row["machine"], row["business"]) == ("desk", "indy-hall")
    ]
    assert summary["session_count"] == len(left) > 0


def test_automated_and_small_sessions_are_filtered_too(connection: Connection) -> None:
    rows = session_rows(8)
    insert_sessions(connection, rows)
    connection.execute("update insights.claude_sessions set category = 'automated' where id in ('s1', 's2')")
    figures = load_live_figures(connection, WINDOW, {"machine": "desk"})  # s1, not s2
    assert sum(row["session_count"] for row in figures.current["automated_sessions"]) == 1
    assert figures.current["coverage"][0]["automated_count"] == 1


def test_a_filter_is_gone_with_its_transaction(connection: Connection) -> None:
    insert_sessions(connection, session_rows())
    names = [aggregate.name for aggregate in find_aggregates()]
    before = {name: load_rows(connection, name, WINDOW) for name in names}
    load_live_figures(connection, WINDOW, {"machine": "desk"})
    assert {name: load_rows(connection, name, WINDOW) for name in names} == before


def test_two_connections_count_what_one_counts_at_the_moment_of_the_first(
    connection: Connection, database_url: str
) -> None:
    insert_sessions(connection, session_rows())
    alone = load_live_figures(connection, WINDOW, {"machine": "desk"})
    with connect(database_url, is_read_only=True) as one, connect(database_url, is_read_only=True) as beside:
        with one.transaction():
            one.execute("select from insights.claude_sessions limit 1")  # the moment
            connection.execute("delete from insights.session_days")
            with same_moment(one, beside):
                together = load_live_figures(one, WINDOW, {"machine": "desk"}, beside)
        assert together == alone
        assert load_live_figures(one, WINDOW, {}).previous["summary"][0]["session_count"] == 0


def test_what_is_not_counted_for_the_days_before_shows_nowhere(connection: Connection, profile: Profile) -> None:
    insert_sessions(connection, session_rows())
    live = load_live_figures(connection, WINDOW, {})
    names = [aggregate.name for aggregate in find_aggregates("weekly")]
    whole = Figures(live.current, {name: load_rows(connection, name, WINDOW.previous()) for name in names})
    facts = ReportFacts(datetime(2026, 11, 22, tzinfo=UTC), "1")
    contents = [
        build_content(figures, write_offline(figures, profile, WINDOW), profile, WINDOW, facts)
        for figures in (live, whole)
    ]
    assert contents[0] == contents[1]


def test_a_card_says_the_sessions_of_its_days_and_leads_to_them(connection: Connection, client: TestClient) -> None:
    rows = session_rows()
    insert_sessions(connection, rows)
    page = _get(client, f"/?{WEEK}&machine=desk")
    count = sum(row["day"] >= WINDOW.start and row["machine"] == "desk" for row in rows)
    [card] = re.findall(
        r'<a href="([^"]+)" class="card"><span class="l">Your sessions</span><span class="v">(\d+)<', page
    )
    assert int(card[1]) == count
    leads_to = urlsplit(unescape(card[0]))
    assert leads_to.path == "/sessions"
    assert parse_qs(leads_to.query) == {"since": ["2026-11-15"], "until": ["2026-11-21"], "machine": ["desk"]}


def test_every_count_of_a_table_and_every_bar_leads_to_sessions(connection: Connection, client: TestClient) -> None:
    insert_sessions(connection, session_rows())
    page = _get(client, f"/?{WEEK}")
    attention = page[page.index('id="attention"') : page.index('id="priorities"')]
    for cells in re.findall(r"<tr><th scope=\"row\".*?</tr>", attention):
        assert len(re.findall(r'<td class="n"><a href="/sessions\?', cells)) >= 2, cells
    assert len(re.findall(r'<div class="t"><a href="/sessions\?since=(\S+?)&amp;until=\1', attention)) == 7
    assert "business=unknown" in attention
    assert "friction=wrong_approach" in page
    assert 'href="/sessions/s1"' in page or 'href="/sessions/s2"' in page


def test_days_and_filters_stand_in_the_address_and_are_marked(connection: Connection, client: TestClient) -> None:
    insert_sessions(connection, session_rows())
    page = _get(client, "/?days=30&business=stb")
    marked = re.findall(r'<a href="([^"]*)" aria-current="true">(?:<bdi>)?([^<]+)', page)
    assert [text for _, text in marked] == ["30", "stb", "All", "All", "All"]
    assert '<a href="/?days=14&amp;business=stb">14</a>' in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days=8", "days: &#39;8&#39; is none of 7, 14, 30, 90"),
        ("since=yesterday", "since: &#39;yesterday&#39; is not a date"),
        ("since=2026-11-21&until=2026-11-15", "give since ≤ until"),
        ("since=2020-01-01&until=2026-11-15", "more than 366"),
        ("since=0001-01-01", "give since ≤ until"),
        ("until=9999-12-31", "give since ≤ until"),
        ("colour=red", "colour: no such filter"),
        ("days=%F0%9F%92%A9", "is none of"),
    ],
)
def test_a_wrong_address_is_named(client: TestClient, query: str, words: str) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code == 400
    assert words in answer.text


def test_without_a_session_the_page_says_so(client: TestClient) -> None:
    page = _get(client, f"/?{WEEK}")
    assert "No sessions of yours" in page
    assert "Nothing was synced yet" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_changes_no_tag_of_the_page(connection: Connection, client: TestClient, text: str) -> None:
    text = text.replace("\0", "")
    rows = session_rows(8)
    hostile: list[dict[str, Any]] = [
        row | {"machine": text[:60], "project": text[:60], "initiated_by": text[:60]} for row in rows
    ]
    insert_sessions(connection, hostile, text)
    page = _get(client, f"/?{WEEK}")
    tags = Tags()
    tags.feed(page)
    scripts = [dict(attributes) for tag, attributes in tags.seen if tag == "script"]
    assert [set(script) for script in scripts] == [{"src"}]
    for tag, attributes in tags.seen:
        assert tag not in ("img", "base", "iframe", "object", "embed"), tag
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name in ("href", "action", "src"):
                assert value is not None
                assert value.startswith(("/", "#", "data:,")), value
                assert not value.startswith("//"), value
    assert sum(tag == "style" for tag, _ in tags.seen) == 0
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("query", "days"),
    [
        (WEEK, "15 to 21 November 2026"),
        ("since=2025-12-29&until=2026-01-04", "29 December 2025 to 4 January 2026"),
        ("since=2026-11-18&until=2026-11-18", "18 November 2026"),
    ],
)
def test_the_page_is_headed_by_its_days_with_their_year(client: TestClient, query: str, days: str) -> None:
    page = _get(client, f"/?{query}")
    assert f"<h1>{days}</h1>" in page
    assert f"<title>Insights: {days}</title>" in page


def test_an_anomaly_stands_above_the_figures_until_it_is_over(connection: Connection, client: TestClient) -> None:
    connection.execute(
        "insert into insights.anomalies (metric, window_start, window_end, value, baseline, session_count, explanation)"
        " values ('mcp_failures', '2026-11-18', '2026-11-20', 4, 1, 9, 'Connector failures are up.')"
    )
    page = _get(client, f"/?{WEEK}")
    assert "Connector failures are up." in page
    assert "/sessions?since=2026-11-18&amp;until=2026-11-19" in page
    assert "Connector failures are up." not in _get(client, f"/?{WEEK}&machine=desk")
    assert "Connector failures are up." not in _get(client, "/?since=2026-11-01&until=2026-11-07")
