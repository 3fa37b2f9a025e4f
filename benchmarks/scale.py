"""What each operation costs at 10,000, 100,000 and 1,000,000 sessions, of 500 machines in seven weeks.

    python -m benchmarks.scale [--sessions 10000 100000 1000000] [--state DIR] [--only WORD]

Makes a history a size, measures, and prints a table for docs/scale.md: milliseconds of a core that the database took,
blocks of 8 kB that it looked at, and tables that it went through as a whole. What writes is rolled back.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from psycopg.errors import QueryCanceled

from benchmarks.aggregates import LAST_DAY
from benchmarks.dashboard import LISTS, open_app
from benchmarks.fleet import MACHINES, NOW, PROMPT_VERSION, WEEKS, fill_fleet
from benchmarks.sync import _make_corpus as make_corpus
from benchmarks.transcripts import append_turn, make_many_files
from benchmarks.work import Work, measure
from local.postgres import create_database, remove_postgres, start_postgres, stop_postgres
from session_insights.aggregates.catalog import find_aggregates
from session_insights.dashboard.pages import PageCache
from session_insights.profile import load_profile
from session_insights.records import Facet, Reading
from session_insights.settings import Settings, find_profile_path
from session_insights.stages import alerts, keeping, maintaining, measuring, setup, sync
from session_insights.store import facets, ledger
from session_insights.store.database import Connection, connect, execute
from session_insights.store.figures import load_rows
from session_insights.store.spending import load_spending
from session_insights.windows import Window

NEW_MB, SMALL_FILES = 100, 200
NEW_A_DAY = 20_000
LONGEST_SECONDS = 60
Operation = tuple[str, Callable[[], Any]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--state", type=Path, help="keeps databases and files for the next run; 15 GB a million")
    parser.add_argument("--only", default="", metavar="WORD", help="operations with this in their name")
    args = parser.parse_args()
    results: dict[int, dict[str, Work]] = {}
    with tempfile.TemporaryDirectory() as folder:
        state = args.state or Path(folder) / "state"
        cluster = start_postgres(state, durable=False)
        try:
            for sessions in sorted(args.sessions):
                name = f"fleet_{sessions}"
                create_database(cluster.url("postgres"), name)
                with connect(cluster.url(name), statement_timeout_seconds=3600) as connection:
                    fill_fleet(connection, sessions)
                    execute(connection, f"set statement_timeout = '{LONGEST_SECONDS}s'")
                    results[sessions] = dict(_measure_all(connection, cluster.url(name), state, args.only))
                    say_sizes(connection, sessions)
        finally:
            (stop_postgres if args.state else remove_postgres)(state)
    say_table(results)
    return 0


def _measure_all(connection: Connection, url: str, state: Path, only: str) -> Iterator[tuple[str, Work]]:
    for name, operation in (*syncing(connection, state), *reading(connection), *keeping_house(connection)):
        if only in name:
            yield name, _say_work(name, measure(connection, operation))
    with TestClient(open_app(url)) as client:
        client.get("/sessions")  # templates, and a connection
        for name, operation in looking(client, connection):
            if only in name:
                yield name, _say_work(name, measure(connection, operation, others=client.app.state.pool._idle))


def syncing(connection: Connection, state: Path) -> Iterator[Operation]:
    """Small trees of two machines; the ledger is the whole fleet's."""
    profile, settings = load_profile(find_profile_path(Settings())), Settings(archive=None)
    small, machine = state / "small", "machine-7"
    if not small.exists():
        make_many_files(small, SMALL_FILES)
    sources: list[Any] = [(machine, small / "projects")]

    def run(sources: list[Any] = sources) -> None:
        files, _ = sync.find_changed(connection, sources)
        sync.sync_files(connection, files, profile=profile, settings=settings)
        sync.finish_sync(connection, sources, settings=settings)

    def grow() -> None:
        append_turn(next(iter(sorted(small.rglob("*.jsonl")))))
        run()

    run()
    yield f"sync: nothing new, {SMALL_FILES} files of one machine", run
    yield "sync: one grown file", grow
    everybody = [f"machine-{number}" for number in range(MACHINES)]
    yield "sync: the ledger of all machines", lambda: ledger.load_ledger(connection, everybody)
    corpus = make_corpus(state / "corpus", NEW_MB) / "projects"
    new = sum(1 for _ in corpus.rglob("*.jsonl"))
    yield f"sync: {new:,} new files, {NEW_MB} MB", _undone(connection, lambda: run([("new", corpus)]))
    day = [(f"new-{number}", make_day(state / "day", number)) for number in range(MACHINES)]
    yield f"sync: {NEW_A_DAY:,} new files of {MACHINES} machines", _undone(connection, lambda: run(day))


def make_day(folder: Path, machine: int) -> Path:
    """What a machine has new in a day, of two turns each."""
    made, count = folder / str(machine), NEW_A_DAY // MACHINES
    if not made.exists():
        make_many_files(made, count, first=(1 + machine) * 1_000)  # no session of two machines
    return made / "projects"


def reading(connection: Connection) -> Iterator[Operation]:
    """What extraction, backfill, reports and alerts ask."""
    profile, settings = load_profile(find_profile_path(Settings())), Settings()
    due: dict[str, Any] = {
        "prompt_version": PROMPT_VERSION,
        "quiet_minutes": settings.quiet_minutes,
        "attempts": settings.facet_attempts,
        "now": NOW,
    }
    [session] = execute(
        connection, "select id, content_hash from insights.claude_sessions where category = 'human' order by id limit 1"
    )
    reading = Reading(
        session["id"], "ok", "claude", "claude-haiku-5-5", PROMPT_VERSION, "hash", session["content_hash"],
        facet=Facet(session["id"], outcome="fully_achieved", brief_summary="The cart drawer was fixed."),
    )  # fmt: skip

    def select(**given: Any) -> None:
        facets.select_due(connection, **{**due, "reader": "claude", **given})

    def aggregate(period: Any, window: Window) -> None:
        for item in find_aggregates(period):
            try:
                load_rows(connection, item.name, window)
            except QueryCanceled:
                say(f"aggregate {item.name} of {len(window.days)} days: given up after {LONGEST_SECONDS} s")

    yield "facets: due sessions, of a run", lambda: select(limit=20, dag_run_id="run-of-now")
    yield "facets: due sessions, for a backfill", lambda: select(limit=10_000, dag_run_id="run-of-now")
    yield (
        "facets: a session that has just ended",
        lambda: select(limit=20, ended_id=session["id"], dag_run_id="run-of-now"),
    )
    yield "facets: a reading is kept", _undone(connection, lambda: facets.save_reading(connection, reading))
    yield "facets: what was spent", lambda: load_spending(connection, profile=profile, now=NOW)
    yield "facets: a run's summary", lambda: facets.summarize_run(connection, "run-of-now", categories=["human"])
    yield "gauges", lambda: measuring.load_gauges(connection, settings=settings, profile=profile, now=NOW)
    week, month = (Window(LAST_DAY - timedelta(days=days), LAST_DAY) for days in (7, 30))
    yield "aggregates: a week", lambda: aggregate("weekly", week)
    yield "aggregates: 30 days", lambda: aggregate("monthly", month)
    yield "anomalies", _undone(connection, lambda: alerts.detect_anomalies(connection, profile=profile, now=NOW))


def keeping_house(connection: Connection) -> Iterator[Operation]:
    profile, settings = load_profile(find_profile_path(Settings())), Settings(entry_days=1, archive=None)
    [old] = execute(connection, "select min(id) as id from insights.claude_sessions where parent_session_id is null")
    given: dict[str, Any] = {"with_forks": True, "profile": profile, "settings": settings}
    first_day = NOW - timedelta(days=7 * WEEKS)

    def delete_text(now: datetime) -> None:
        maintaining.delete_entries(connection, settings=settings, now=now)

    def clear() -> None:
        maintaining.clear_bookkeeping(connection, settings=settings, now=NOW)

    def purge(session_ids: list[str], person: str | None, *, dry_run: bool) -> None:
        keeping.purge(connection, session_ids=session_ids, person=person, dry_run=dry_run, **given)

    yield "retention: text of the oldest day", _undone(connection, lambda: delete_text(first_day + timedelta(days=2)))
    yield "retention: nothing is old", _undone(connection, lambda: delete_text(first_day))
    yield "retention: bookkeeping", _undone(connection, clear)
    yield "purge: a session", _undone(connection, lambda: purge([old["id"]], None, dry_run=False))
    yield "purge: a person, dry run", lambda: purge([], "Ada Lovelace", dry_run=True)
    yield "migrate, nothing new", lambda: setup.migrate(connection, Settings())


def looking(client: TestClient, connection: Connection) -> Iterator[Operation]:
    [session] = execute(connection, "select max(id) as id from insights.claude_sessions where category = 'human'")

    def look(address: str) -> None:
        client.app.state.pages = PageCache()
        answer = client.get(address)
        if answer.status_code != 200:
            say(f"{address}: {answer.status_code}")

    for days in (7, 30):
        since, until = LAST_DAY - timedelta(days=days), LAST_DAY - timedelta(days=1)
        yield f"page: overview, {days} days, first look", lambda address=f"/?since={since}&until={until}": look(address)
    for name in ("newest", "dearest", "most corrected of a business", "of a person", "words"):
        yield f"page: sessions, {name}", lambda address=LISTS[name]: look(address)
    yield "page: sessions, a rare word", lambda: look("/sessions?q=4321")
    yield "page: one session", lambda: look(f"/sessions/{session['id']}")
    yield "page: health", lambda: look("/health")


def _undone(connection: Connection, operation: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        with connection.transaction(force_rollback=True):
            operation()

    return run


def say_sizes(connection: Connection, sessions: int) -> None:
    rows = execute(
        connection,
        "select relname, pg_table_size(relid) as rows, pg_indexes_size(relid) as indexes from pg_stat_user_tables "
        "where schemaname = 'insights' order by pg_total_relation_size(relid) desc limit 8",
    )
    total = sum(row["rows"] + row["indexes"] for row in rows)
    say(f"{sessions:,} sessions: {total / 1e9:.2f} GB, {total / sessions / 1000:.1f} kB a session")
    for row in rows:
        say(f"    {row['relname']}: {row['rows'] / 1e6:,.0f} MB, indexes {row['indexes'] / 1e6:,.0f} MB")


def say_table(results: dict[int, dict[str, Work]]) -> None:
    """Markdown: milliseconds of a core and blocks at each size; at the largest, what was gone through."""
    say("\n| ms of a core, blocks | " + " | ".join(f"{size:,}" for size in results) + " | goes through |")
    say("|---|" + "---|" * (len(results) + 1))
    largest = results[max(results)]
    for name in largest:
        cells = [f"{work[name].core_ms:,.0f} ms, {work[name].blocks:,}" for work in results.values()]
        scans = ", ".join(f"{table} {rows:,}" for table, rows in largest[name].scans.items())
        say(f"| {name} | " + " | ".join(cells) + f" | {scans} |")


def _say_work(name: str, work: Work) -> Work:
    took = f"{work.core_ms:10,.0f} ms of a core {work.wall_ms:10,.0f} ms {work.blocks:12,} blocks"
    say(f"{took}  {name}  {work.scans or ''}")
    return work


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
