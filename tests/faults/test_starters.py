"""Several starters at once: migrations are applied by one of them, and the others wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from session_insights.store import migrations
from session_insights.store.database import connect, execute
from tests.faults.conftest import MIGRATIONS, Server

WAITING = """
    select count(*) as n from pg_locks
    where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())
"""
PROGRAM = Path(sys.executable).parent / "session-insights"


@pytest.mark.parametrize(("starters", "rounds"), [(2, 1), pytest.param(4, 5, marks=pytest.mark.faults)])
def test_starters_at_once_apply_each_migration_once(
    server: Server, tmp_path: Path, starters: int, rounds: int, note: list[str]
) -> None:
    names = [path.stem for path in sorted(MIGRATIONS.glob("[0-9]*.sql"))]
    took = []
    for _ in range(rounds):
        url = server.make_database()
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SESSION_INSIGHTS_DATABASE_URL": url}
        with connect(url) as first:
            # Whoever comes waits here, so that all of them begin at one moment.
            execute(first, "select pg_advisory_lock(%(lock)s)", lock=migrations._LOCK)
            racing = [
                subprocess.Popen([PROGRAM, "migrate", "--json"], env=environment, stdout=subprocess.PIPE, text=True)
                for _ in range(starters)
            ]
            deadline = time.monotonic() + 120
            while execute(first, WAITING)[0]["n"] < starters:
                assert [each.poll() for each in racing] == [None] * starters, "somebody did not wait"
                assert time.monotonic() < deadline
                time.sleep(0.05)
        started = time.monotonic()
        applied = [json.loads(each.communicate(timeout=120)[0])["applied"] for each in racing]
        took.append(time.monotonic() - started)
        assert [each.returncode for each in racing] == [0] * starters
        assert sorted(applied, key=len) == [*([[]] * (starters - 1)), names]
        with connect(url) as connection:
            ledger = execute(connection, "select name from insights.schema_migrations order by number")
        assert [row["name"] for row in ledger] == names
        server.drop_database(url)
    note.append(
        f"| {starters} starters migrate one empty database | {rounds} | one applies all, the others wait | "
        f"{sum(took) / rounds:.1f} for all |"
    )
