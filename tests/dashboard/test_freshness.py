"""A page is kept until something is written; what a person corrects shows at once."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from session_insights.dashboard.choices import PERIODS
from session_insights.dashboard.pages import MadePage, PageCache, ShownPage
from session_insights.dashboard.warming import Warmer
from session_insights.profile import Profile
from session_insights.stages.correcting import correct_facets
from session_insights.store.dashboard import DataVersion, load_version
from session_insights.store.database import Connection, connect
from session_insights.store.purging import plan_purge, purge_sessions
from tests.dashboard.conftest import OpenClient
from tests.dashboard.given import WEEK, insert_sessions, session_rows


def test_a_correction_shows_with_the_next_look(connection: Connection, client: TestClient, profile: Profile) -> None:
    insert_sessions(connection, session_rows(8))
    before = client.get(f"/?{WEEK}").text
    correct_facets(connection, "s1", {"course_corrections": 50}, by="alex", profile=profile)
    after = client.get(f"/?{WEEK}").text
    assert "1 facet corrected by a person" in after
    assert "1 facet corrected by a person" not in before


@pytest.mark.parametrize(
    "statement",
    [
        "update insights.claude_sessions set title = 'x' where id = 's1'",
        "update insights.session_facets set outcome = null where session_id = 's1'",
        "delete from insights.claude_sessions where id = 's1'",
        "insert into insights.session_days (session_id, activity_date, time_zone, human_prompt_count, active_minutes,"
        " message_count, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, unpriced_message_count,"
        " unfinished_message_count) values ('s1', '2026-11-01', 'UTC', 1, 1, 1, 1, 1, 1, 1, 0, 0)",
        "truncate insights.anomalies",
    ],
)
def test_every_kind_of_write_moves_the_version(connection: Connection, statement: str) -> None:
    insert_sessions(connection, session_rows(4))
    before = load_version(connection)
    assert load_version(connection) == before
    connection.execute(statement.encode())
    assert load_version(connection).change > before.change


def test_a_version_moves_when_what_was_written_shows(connection: Connection, database_url: str) -> None:
    insert_sessions(connection, session_rows(4))
    before = load_version(connection)
    with connect(database_url) as writer:
        with writer.transaction():
            writer.execute("update insights.claude_sessions set title = 'x'")
            writer.execute("update insights.session_facets set outcome = null")
            assert load_version(connection) == before
        assert load_version(connection).change == before.change + 1


def test_a_rolled_back_savepoint_does_not_hide_what_is_written_after_it(connection: Connection) -> None:
    insert_sessions(connection, session_rows(4))
    before = load_version(connection)
    with connection.transaction():
        with connection.transaction(force_rollback=True):
            connection.execute("update insights.claude_sessions set title = 'x'")
        connection.execute("update insights.claude_sessions set title = 'y'")
    assert load_version(connection).change == before.change + 1


def test_writers_do_not_wait_for_each_other(connection: Connection, database_url: str) -> None:
    insert_sessions(connection, session_rows(4))
    before = load_version(connection)
    other = connect(database_url, statement_timeout_seconds=2)
    with connect(database_url) as one, other, one.transaction():
        one.execute("update insights.claude_sessions set title = 'x' where id = 's1'")
        other.execute("update insights.claude_sessions set title = 'y' where id = 's2'")
    assert load_version(connection).change == before.change + 2


V1, V2, CORRECTED = DataVersion(1, 0), DataVersion(2, 0), DataVersion(3, 1)


def _never() -> MadePage:
    raise AssertionError("made though it was kept")


def test_a_page_is_made_once_for_many() -> None:
    cache, made = PageCache(), []

    def make() -> MadePage:
        made.append(1)
        time.sleep(0.1)
        return MadePage(V1, "page")

    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(lambda _: cache.get("key", V1, make, _never).text, range(8))) == {"page"}
    assert len(made) == 1


def test_machines_may_be_a_moment_ahead_of_a_page_but_people_not() -> None:
    cache, is_made = PageCache(), threading.Event()

    def make_later() -> MadePage:
        is_made.set()
        return MadePage(V2, "second")

    assert cache.get("key", V1, lambda: MadePage(V1, "first"), _never).text == "first"
    shown = cache.get("key", V2, _never, make_later)
    assert shown.text == "first"
    assert shown.as_of is not None
    assert abs(datetime.now(UTC) - shown.as_of) < timedelta(seconds=5)
    assert is_made.wait(5)
    cache._worker.submit(lambda: None).result()  # the one before it is through
    assert cache.get("key", V2, _never, _never) == ShownPage("second", as_of=None)
    assert cache.get("key", CORRECTED, lambda: MadePage(CORRECTED, "third"), _never).text == "third"


def test_a_page_that_is_too_old_is_not_shown() -> None:
    cache = PageCache(longest_lag_seconds=0)
    cache.get("key", V1, lambda: MadePage(V1, "first"), _never)
    assert cache.get("key", V2, lambda: MadePage(V2, "second"), _never).text == "second"


def test_an_error_is_told_and_not_kept() -> None:
    cache = PageCache()

    def fail() -> MadePage:
        raise OSError("down")

    with pytest.raises(OSError, match="down"):
        cache.get("key", V1, fail, _never)
    assert cache.get("key", V1, lambda: MadePage(V1, "page"), _never).text == "page"


def test_only_so_many_pages_are_kept() -> None:
    cache = PageCache(most=2)
    for key in "abc":
        cache.get(key, V1, lambda key=key: MadePage(V1, key), _never)
    assert cache.get("a", V1, lambda: MadePage(V1, "again"), _never).text == "again"
    assert cache.get("c", V1, _never, _never).text == "c"


def test_what_was_purged_is_gone_with_the_next_look(connection: Connection, client: TestClient) -> None:
    insert_sessions(connection, session_rows(2), "Ask Renee about the lease")
    assert "Ask Renee about the lease" in client.get(f"/?{WEEK}").text
    plan = plan_purge(connection, ["s0", "s1"], with_forks=False)
    purge_sessions(connection, plan, time_zone="America/New_York")
    assert "Ask Renee about the lease" not in client.get(f"/?{WEEK}").text


def test_a_page_says_since_when_it_is_not_complete(connection: Connection, client: TestClient) -> None:
    insert_sessions(connection, session_rows(4))
    assert "Figures as of" not in client.get(f"/?{WEEK}").text
    connection.execute("update insights.claude_sessions set title = 'x' where id = 's1'")
    page = client.get(f"/?{WEEK}").text
    assert re.search(r"<span>Figures as of \w{3} \d+ \w{3}, \d\d:\d\d; newer ones are being counted</span>", page)
    until = time.monotonic() + 10
    while "Figures as of" in client.get(f"/?{WEEK}").text:
        assert time.monotonic() < until, "the page was not made anew"
        time.sleep(0.1)


def test_the_usual_periods_are_made_before_anybody_asks(
    connection: Connection, open_client: OpenClient, database_url: str
) -> None:
    insert_sessions(connection, session_rows(4))
    client = open_client(database_url, warms=True)
    state = client.app.state  # type: ignore[attr-defined]
    state.warmer = Warmer(least_rest_seconds=0.05, most_share=1)
    client.get("/?days=7")
    _wait_for_pages(state.pages, len(PERIODS), load_version(connection))
    connection.execute("update insights.claude_sessions set title = 'x' where id = 's1'")
    _wait_for_pages(state.pages, len(PERIODS), load_version(connection))


def _wait_for_pages(cache: PageCache, count: int, version: DataVersion) -> None:
    until = time.monotonic() + 20
    while [kept.page.version for kept in cache._kept.values()] != [version] * count:
        assert time.monotonic() < until, f"kept: {list(cache._kept)}"
        time.sleep(0.05)


def test_a_round_that_fails_is_not_the_last() -> None:
    warmer, rounds, is_done = Warmer(least_rest_seconds=0.01), [], threading.Event()

    def make() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("down")
        is_done.set()

    warmer.start(make)
    assert is_done.wait(5)
    warmer.stop()


def test_making_pages_ahead_rests_twenty_times_as_long_as_it_works() -> None:
    warmer, begun, is_through = Warmer(least_rest_seconds=0), [], threading.Event()

    def make() -> None:
        begun.append(time.monotonic())
        time.sleep(0.05)
        if len(begun) == 2:
            is_through.set()

    warmer.start(make)
    assert is_through.wait(10)
    warmer.stop()
    assert begun[1] - begun[0] >= 20 * 0.05
