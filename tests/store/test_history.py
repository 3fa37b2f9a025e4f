"""What runs every few minutes costs the same however long the history is: counted in blocks that Postgres looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from benchmarks.dashboard import open_app
from benchmarks.fleet import NOW, PROMPT_VERSION, fill_fleet
from benchmarks.transcripts import append_turn, make_many_files
from benchmarks.work import measure
from local.postgres import Cluster, create_database
from session_insights.dashboard import sessions
from session_insights.settings import Settings
from session_insights.stages import keeping, maintaining, sync
from session_insights.store import facets, health, ledger, maintenance
from session_insights.store.database import Connection, connect, execute
from tests.helpers import sample_profile, sync_folder

SMALL, LARGE = 2_000, 20_000
# A tree of ten times as many keys may be a level higher, and a page's rows lie further apart.
MOST_GROWTH, SLACK_BLOCKS = 1.5, 60
ALL_READ = """
insert into insights.session_facets (session_id, reader, prompt_version, prompt_hash, content_hash, extraction_model)
select id, 'claude', 1, 'hash', content_hash, 'claude-haiku-5-5'
from insights.claude_sessions
where category = 'human' and id not in (
    select id from insights.claude_sessions where category = 'human' order by started_at desc, id limit 30
) and id not in (select session_id from insights.facet_extractions where state = 'failed')
on conflict (session_id) do nothing
"""


@pytest.fixture(scope="module")
def histories(cluster: Cluster) -> Iterator[dict[int, Connection]]:
    """Two of them, read but for 30 sessions and those that were given up; nothing of a test stays in them."""
    opened = {}
    for size in (SMALL, LARGE):
        create_database(cluster.url("postgres"), f"history_{size}")
        opened[size] = connect(cluster.url(f"history_{size}"))
        fill_fleet(opened[size], size)
        opened[size].execute(ALL_READ)
        opened[size].execute("vacuum analyze")
    yield opened
    for size, connection in opened.items():
        connection.close()
        with connect(cluster.url("postgres")) as admin:
            admin.execute(f"drop database history_{size} with (force)".encode())


def check(histories: dict[int, Connection], operation: Callable[[Connection], Any]) -> None:
    """Fail when an operation's work grows with history."""

    def undone(connection: Connection) -> None:
        with connection.transaction(force_rollback=True):
            operation(connection)

    blocks = {}
    for size, connection in histories.items():
        undone(connection)  # catalogs and plans
        blocks[size] = measure(connection, lambda connection=connection: undone(connection)).blocks
    assert blocks[LARGE] <= blocks[SMALL] * MOST_GROWTH + SLACK_BLOCKS, blocks


def select_due(connection: Connection, **given: Any) -> list[str]:
    found = facets.select_due(
        connection,
        **{"reader": "claude", "prompt_version": PROMPT_VERSION, "limit": 20, "now": NOW, **given},
        quiet_minutes=10,
        attempts=3,
        dag_run_id="run-of-now",
    )
    return [session.session_id for session in found]


def test_the_sessions_that_wait_are_counted(histories: dict[int, Connection]) -> None:
    # First, while indexes are clean: what was given up is counted whole, in a few of their pages.
    def count(connection: Connection) -> None:
        execute(connection, "truncate insights.transcript_archive")  # which is counted whole too
        assert health.load_counts(connection, attempts=3, questions=[PROMPT_VERSION])["unread_count"] == 30

    check(histories, count)


def test_the_sessions_that_are_due(histories: dict[int, Connection]) -> None:
    assert all(len(select_due(connection)) == 20 for connection in histories.values())
    check(histories, select_due)
    check(histories, lambda connection: select_due(connection, limit=10_000))


def test_the_sessions_that_are_due_for_rules(histories: dict[int, Connection]) -> None:
    gave_up = "update insights.facet_extractions set reader = '{}' where state = 'failed'"
    try:
        for connection in histories.values():
            execute(connection, gave_up.format("offline"))
            execute(connection, "vacuum insights.claude_sessions")
            assert len(select_due(connection, reader="offline")) == 20
        check(histories, lambda connection: select_due(connection, reader="offline"))
    finally:
        for connection in histories.values():
            execute(connection, gave_up.format("claude"))


@pytest.fixture(scope="module")
def root(histories: dict[int, Connection], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The transcripts of one more machine, which both histories know: 20 sessions of one hour."""
    made = make_many_files(tmp_path_factory.mktemp("transcripts"), 20) / "projects"
    for connection in histories.values():
        sync_folder(connection, made, machine="of-the-test")
    return made


def test_a_sync(histories: dict[int, Connection], root: Path) -> None:
    def grown(connection: Connection) -> None:
        append_turn(next(iter(sorted(root.rglob("*.jsonl")))))
        assert sync_folder(connection, root, machine="of-the-test")["read_count"] == 1

    def nothing_new(connection: Connection) -> None:
        assert sync_folder(connection, root, machine="of-the-test")["read_count"] == 0
        sync.finish_sync(connection, [("of-the-test", root)], settings=Settings())

    check(histories, nothing_new)
    check(histories, grown)


def test_files_that_are_gone_are_no_part_of_a_sync(histories: dict[int, Connection]) -> None:
    for connection in histories.values():
        with connection.transaction(force_rollback=True):
            known = ledger.load_ledger(connection, ["machine-7"])
            assert known
            assert {state for _, _, state in known.values()} == {"read"}
            remembered = ledger.load_ledger(connection, ["machine-7"], gone_since=NOW - timedelta(days=400))
            assert {state for _, _, state in remembered.values()} == {"read", "vanished"} or len(remembered) < 10


def test_upkeep(histories: dict[int, Connection]) -> None:
    past = NOW - timedelta(days=30)
    check(histories, lambda connection: maintenance.delete_old_text(connection, past, limit=20))
    future = NOW + timedelta(days=400)
    check(histories, lambda connection: maintaining.clear_bookkeeping(connection, settings=Settings(), now=future))


def test_a_purge(histories: dict[int, Connection], root: Path) -> None:
    # What it does read are the sessions of the same time, of which a larger fleet has more.
    def purge(connection: Connection) -> None:
        [row] = execute(connection, "select min(id) as id from insights.claude_sessions where machine = 'of-the-test'")
        given: dict[str, Any] = {"profile": sample_profile(), "settings": Settings(), "dry_run": False}
        keeping.purge(connection, session_ids=[row["id"]], person=None, with_forks=True, **given)

    check(histories, purge)


@pytest.mark.parametrize("address", ["/sessions", "/sessions?q=4321", "/sessions/{id}", "/api/sessions"])
def test_a_page(
    histories: dict[int, Connection], cluster: Cluster, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_COUNTED", 100)
    blocks = {}
    for size, connection in histories.items():
        [row] = execute(connection, "select max(id) as id from insights.claude_sessions where category = 'human'")
        with TestClient(open_app(cluster.url(f"history_{size}"))) as client:
            view = address.format(**row)
            assert client.get(view).status_code == 200
            work = measure(connection, lambda: client.get(view), others=client.app.state.pool._idle)  # noqa: B023
        blocks[size] = work.blocks
    assert blocks[LARGE] <= blocks[SMALL] * MOST_GROWTH + SLACK_BLOCKS, blocks
