"""A connection that breaks something before its n-th statement, and all rows but what differs from run to run."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import psycopg

from session_insights.store.database import Connection, connect, execute

# When and under which number something was written; versions of the data count each writing.
_PASSING = {
    *("id", "snapshot_id", "batch_id", "custom_id", "provider_id", "extraction_id", "duration_seconds", "mtime_ns"),
    *("attempt_count", "dag_run_id", "facets_extracted_at"),
}
_NO_RECORD = {"data_versions", "schema_migrations"}
_STILL = {"started_at", "ended_at", "first_record_at", "last_record_at", "at"}


class Statements:
    """Counts statements, `copy` included; before number `at` it calls `act`."""

    def __init__(self, at: int = 0, act: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._at, self._act = at, act

    def step(self) -> None:
        self.count += 1
        if self.count == self._at:
            self._act()

    def open(self, url: str) -> Connection:
        steps = self

        class Cursor(psycopg.Cursor[Any]):
            def execute(self, *args: Any, **options: Any) -> Any:
                steps.step()
                return super().execute(*args, **options)

            def executemany(self, *args: Any, **options: Any) -> Any:
                steps.step()
                return super().executemany(*args, **options)

            @contextmanager
            def copy(self, *args: Any, **options: Any) -> Any:
                steps.step()
                with super().copy(*args, **options) as copy:
                    yield copy

        connection = connect(url)
        connection.cursor_factory = Cursor
        return connection


def spread(count: int, points: int) -> list[int]:
    """So many statements of a run, from the first to the last."""
    return sorted({1 + round(number * (count - 1) / max(1, points - 1)) for number in range(points)})


def lasting_rows(connection: Connection) -> dict[str, list[str]]:
    """Table → its rows without what differs between two runs that did the same."""
    tables = execute(connection, "select tablename from pg_tables where schemaname = 'insights' order by 1")
    found = {}
    for name in (table["tablename"] for table in tables if table["tablename"] not in _NO_RECORD):
        rows = execute(connection, f"select to_jsonb(t) as row from insights.{name} as t")
        found[name] = sorted(json.dumps(_lasting(name, row["row"]), sort_keys=True) for row in rows)
    return found


def _lasting(table: str, row: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: round(value, 9) if isinstance(value, float) else value
        for name, value in row.items()
        if name in _STILL or not (name in _PASSING or name.endswith("_at"))
    }
    return kept | ({"id": row["id"]} if table == "claude_sessions" else {})
