"""What has grown old, out of the tables; each function is one short transaction, which can be run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from session_insights.store.archive import delete_archived
from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql
from session_insights.store.searching import refresh_search

_LOCK = 7305103  # the same as for writers of sessions

# What nobody needs after a while; each is a statement in include/sql/maintenance.
Bookkeeping = Literal["delete_attempts", "delete_batches", "empty_messages"]


@dataclass(frozen=True)
class ArchivedFile:
    """A version of a file in the archive."""

    machine: str
    path: str
    digest: str
    stored_bytes: int
    is_at_source: bool  # the next sync would archive it again


@dataclass(frozen=True)
class TableHealth:
    """What Postgres counts of one table; all of it estimated."""

    table_name: str
    live_count: int
    dead_count: int
    size_bytes: int
    is_bloated: bool  # many dead rows
    is_stale: bool  # the planner last looked long ago
    may_vacuum: bool  # this role may


def select_aged(connection: Connection, kept_since: datetime, *, limit: int | None) -> list[str]:
    """Sessions whose text is too old and is still there, oldest first."""
    rows = execute(connection, load_sql("maintenance/select_aged"), kept_since=kept_since, result_limit=limit)
    return [row["session_id"] for row in rows]


def delete_old_text(connection: Connection, kept_since: datetime, *, limit: int) -> tuple[int, int]:
    """Take the text out of the entries of at most `limit` sessions; how many sessions and how many entries."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        session_ids = select_aged(connection, kept_since, limit=limit)
        execute(connection, load_sql("maintenance/mark_deleted"), session_ids=session_ids)
        entry_count = delete_text(connection, session_ids)
        refresh_search(connection, session_ids)
    return len(session_ids), entry_count


def delete_text(connection: Connection, session_ids: list[str]) -> int:
    """Take out what is too old by what was marked before, such as after a sync has written it again."""
    [row] = execute(connection, load_sql("maintenance/delete_text"), session_ids=session_ids)
    return int(row["entry_count"])


def select_archived(connection: Connection, kept_since: datetime) -> list[ArchivedFile]:
    """Versions of files that were archived before, oldest first."""
    rows = execute(connection, load_sql("maintenance/select_archived"), kept_since=kept_since)
    return [ArchivedFile(**row) for row in rows]


def forget_archived(connection: Connection, file: ArchivedFile) -> None:
    delete_archived(connection, file.machine, file.path, [file.digest])


def clear_bookkeeping(
    connection: Connection, what: Bookkeeping, kept_since: datetime, *, limit: int | None, dry_run: bool
) -> int:
    """Clear at most `limit` rows; how many were cleared, or would be."""
    statement = load_sql(f"maintenance/{what}")
    [row] = execute(connection, statement, kept_since=kept_since, result_limit=limit, dry_run=dry_run)
    return int(row["row_count"])


def load_table_health(connection: Connection) -> list[TableHealth]:
    return [TableHealth(**row) for row in execute(connection, load_sql("maintenance/table_health"))]


def vacuum_table(connection: Connection, table_name: str) -> None:
    """Give dead rows' room back to the table and have the planner look again; readers and writers go on."""
    quoted = table_name.replace('"', '""')
    connection.execute(f'vacuum (analyze) insights."{quoted}"'.encode())
