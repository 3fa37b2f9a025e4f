"""The list of sessions: what a filter leaves, what a search finds, page by page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from session_insights.store import purging
from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.dashboard.pages.building import NOON, add_session, said
from tests.helpers import sync_folder

ROW = re.compile(r'class="row" href="/sessions/([^"]+)"')


def listed(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"/sessions{query}")
    assert answer.status_code == 200, answer.text
    return ROW.findall(answer.text)


def all_pages(client: TestClient, query: str, between: Any = lambda: None) -> list[str]:
    found, link = [], query
    while link:
        page = client.get(f"/sessions{link}").text
        found += ROW.findall(page)
        following = re.search(r'href="/sessions(\?[^"]+)" rel="next"', page)
        link = following[1].replace("&amp;", "&") if following else ""
        between()
    return found


def test_the_newest_session_stands_first_and_unknown_is_a_word(client: TestClient, connection: Connection) -> None:
    add_session(connection, "old", ended_at=NOON - timedelta(days=1))
    add_session(connection, "new", cost_usd=None)
    page = client.get("/sessions").text
    assert ROW.findall(page) == ["new", "old"]
    assert page.count('<span class="unk">unknown</span>') == 2 * 3 + 1  # business, outcome, corrections; and one cost


def test_the_form_that_sends_each_of_its_fields_empty_finds_all(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s")
    form = client.get("/sessions").text.split('<form class="search"')[1].split("</form>")[0]
    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form)
    assert {"q", "sort", "category", "since", "tool"} < set(names)
    assert listed(client, "?" + "&".join(f"{name}=" for name in names)) == ["s"]
    assert listed(client, "?" + "&".join(f"{name}=" for name in names if name != "q") + "&q=title") == ["s"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?business=shop", ["a"]),
        ("?business=unknown", ["c"]),
        ("?outcome=reached", ["a"]),
        ("?outcome=not_achieved", ["b"]),
        ("?outcome=unknown", ["c"]),
        ("?friction=buggy_code", ["b"]),
        ("?friction=any", ["b"]),
        ("?friction=connector:mail", ["c"]),
        ("?person=Ines+Duarte", ["a"]),
        ("?skill=compose", ["b"]),
        ("?skill_missed=compose", ["a"]),
        ("?has=corrections", ["b"]),
        ("?has=cut_short", ["a"]),
        ("?priority=growing", ["a"]),
        ("?priority=any", ["a"]),
        ("?alignment=drift", ["b"]),
        ("?workflow=email", ["b"]),
        ("?machine=desk", ["b"]),
        ("?project=shop%2Fsite", ["a"]),
        ("?reading=read", ["a", "b"]),
        ("?reading=unread", ["c"]),
        ("?reading=failed", ["c"]),
        ("?tool=Edit", ["a"]),
        ("?since=2026-11-18", ["a"]),
        ("?until=2026-11-17", ["b", "c"]),
        ("?since=2026-11-17&until=2026-11-17", ["b"]),
        ("?category=automated", ["d"]),
        ("?category=all", ["a", "b", "c", "d"]),
        ("?initiated_by=scheduled-job&category=all", ["d"]),
        ("?sort=cost_usd", ["b", "a", "c"]),
        ("?sort=active_minutes", ["c", "a", "b"]),
        ("?sort=course_corrections", ["b", "a", "c"]),
        ("?outcome=&business=&q=", ["a", "b", "c"]),
    ],
)
def test_a_filter_leaves_the_sessions_behind_a_figure(
    client: TestClient, connection: Connection, query: str, expected: list[str]
) -> None:
    add_session(
        connection,
        "a",
        project="shop/site",
        minutes=20,
        entries=[{"kind": "tool", "tool": "Edit"}],
        facet={
            "outcome": "mostly_achieved",
            "businesses": ["shop", "studio"],
            "people_mentioned": ["Ines Duarte"],
            "skills_missed": ["compose"],
            "session_cut_short": True,
            "priority_matched": "growing",
            "friction_counts": {"buggy_code": 0},
            "course_corrections": 0,
        },
    )
    add_session(
        connection,
        "b",
        ended_at=NOON - timedelta(days=1),
        machine="desk",
        cost_usd=2,
        skills_used=["compose"],
        facet={
            "outcome": "not_achieved",
            "businesses": ["studio"],
            "friction_counts": {"buggy_code": 2},
            "course_corrections": 3,
            "priority_alignment": "drift",
            "workflow_type": "email",
        },
    )
    failed = {"kind": "tool_error", "tool": "mcp__mail__send", "text": "timeout"}
    add_session(connection, "c", ended_at=NOON - timedelta(days=2), minutes=30, cost_usd=None, entries=[failed])
    execute(
        connection,
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_seconds) "
        "values ('c', 'failed', 'claude', 'm', 1, '', '', 'no answer', 0, 0, 0, 0, 1)",
    )
    add_session(
        connection,
        "d",
        ended_at=NOON - timedelta(days=3),
        category="automated",
        initiated_by="scheduled-job",
        prompts=0,
    )
    add_session(connection, "a/agent-1", parent_session_id="a", category="subagent")
    add_session(connection, "small", prompts=1, minutes=0.2)
    assert listed(client, query) == expected


@pytest.mark.parametrize("sort", ["last_spoken", "active_minutes", "cost_usd", "course_corrections"])
def test_paging_shows_each_session_once_while_others_are_added(
    client: TestClient, connection: Connection, sort: str
) -> None:
    for number in range(11):
        cost = None if number % 3 == 0 else 0.1 * (number % 4)
        add_session(connection, f"s{number:02}", ended_at=NOON - timedelta(minutes=number // 2), cost_usd=cost)
    added = iter(range(100))

    def add() -> None:
        add_session(connection, f"late-{next(added)}", ended_at=NOON + timedelta(hours=1), minutes=99, cost_usd=9)

    found = all_pages(client, f"?limit=2&sort={sort}", add)
    assert sorted(name for name in found if name.startswith("s")) == [f"s{number:02}" for number in range(11)]


def test_the_next_page_keeps_the_filter(client: TestClient, connection: Connection) -> None:
    for number in range(5):
        add_session(connection, f"s{number}", facet={"businesses": ["shop" if number % 2 else "studio & <co>"]})
    assert sorted(all_pages(client, "?limit=1&business=studio+%26+%3Cco%3E")) == ["s0", "s2", "s4"]


def test_a_search_finds_words_of_entries_titles_and_summaries(client: TestClient, connection: Connection) -> None:
    add_session(connection, "entry", entries=[said("Please fix the wobbling carousel")])
    add_session(connection, "title", title="Carousel of the shop")
    add_session(connection, "summary", facet={"brief_summary": "Two carousels were compared."})
    add_session(connection, "other", entries=[said("Something else")])
    assert sorted(listed(client, "?q=carousel")) == ["entry", "summary", "title"]
    assert listed(client, "?q=%22wobbling+carousel%22") == ["entry"]
    assert sorted(listed(client, "?q=carousel+-wobbling")) == ["summary", "title"]


def test_a_hit_is_shown_with_the_word_marked_and_the_rest_escaped(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", entries=[said("<img src=x onerror=alert(1)> wobbling </mark><script>")])
    page = client.get("/sessions?q=wobble").text
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>wobbling</mark> &lt;/mark&gt;&lt;script&gt;" in page
    assert 'href="/sessions/s#e1"' in page


@pytest.mark.parametrize(
    "query", ["%27", "%26%7C%21%28", "%22", "a%3A*", "-", "or", "the", "%00", "%F0%9F%98%80", "*" * 200]
)
def test_any_text_is_a_search_and_none_is_an_error(client: TestClient, connection: Connection, query: str) -> None:
    add_session(connection, "s", entries=[said("the cat")])
    assert client.get(f"/sessions?q={query}").status_code == 200


def test_a_synced_session_is_found_by_what_stands_beside_a_masked_secret(
    client: TestClient, connection: Connection, tmp_path: Any
) -> None:
    key = "sk-ant-api03-" + "Zx9" * 30
    write_transcript(
        tmp_path / "projects" / "-shop" / "11111111-2222-4333-8444-555555555555.jsonl",
        transcript(user(f"The zeppelin key is {key}"), assistant("Fine"), user("Thanks for that")),
    )
    sync_folder(connection, tmp_path / "projects")
    assert len(listed(client, "?q=zeppelin")) == 1
    assert "Zx9Zx9" not in client.get("/sessions?q=zeppelin").text
    assert listed(client, f"?q={key}") == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?since=yesterday", "since: &#39;yesterday&#39; is not a date; write it as 2026-11-15."),
        ("?since=2026-11-20&until=2026-11-18", "since 2026-11-20 is after until 2026-11-18"),
        ("?bussiness=shop", "bussiness: no such filter"),
        ("?outcome=great", "outcome: "),
        ("?after=nowhere", "after: not a place in a list"),
        ("?limit=100000", "limit: "),
    ],
)
def test_a_wrong_filter_is_named(client: TestClient, query: str, words: str) -> None:
    answer = client.get(f"/sessions{query}")
    assert answer.status_code == 422
    assert words in answer.text


def test_a_purged_name_is_found_no_more(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", title="Mail Zelda", entries=[said("Write to Zelda")])
    assert listed(client, "?q=zelda") == ["s"]
    plan = purging.plan_person(connection, "Zelda")
    purging.replace_person(connection, "Zelda", plan)
    assert listed(client, "?q=zelda") == []
    assert "zelda" not in str(execute(connection, "select words::text as words from insights.session_search"))


def test_a_purged_session_leaves_no_words(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", entries=[said("walrus")])
    plan = purging.plan_purge(connection, ["s"], with_forks=False)
    purging.purge_sessions(connection, plan, time_zone="UTC")
    assert execute(connection, "select 1 as one from insights.session_search") == []


def test_a_huge_session_is_found_and_does_not_stop_the_sync(client: TestClient, connection: Connection) -> None:
    words = [said(" ".join(f"{chr(0x4E00 + n % 20000)}{page}x{n}" for n in range(900))) for page in range(120)]
    add_session(connection, "huge", entries=[*words, {"text": "late tool"}, said("needle in the end" + "é" * 4000)])
    assert listed(client, "?q=huge") == ["huge"]
