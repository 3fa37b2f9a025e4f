"""What the sync knows of each file: as it was when it was read, or why it could not be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from session_insights.records import TranscriptFile
from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql


def load_ledger(
    connection: Connection, machines: list[str], *, gone_since: datetime | None = None
) -> dict[tuple[str, str], tuple[int, int, str]]:
    """(machine, path) → (size_bytes, mtime_ns, state) as of the last sync, of files that were there then.

    Args:
        gone_since: With those that have vanished and were changed since this moment.
    """
    rows = execute(
        connection,
        "select machine, path, size_bytes, mtime_ns, state from insights.transcript_files "
        "where machine = any(%(machines)s) and state <> 'vanished'",
        machines=machines,
    )
    if gone_since is not None:
        rows += execute(
            connection,
            "select machine, path, size_bytes, mtime_ns, state from insights.transcript_files "
            "where machine = any(%(machines)s) and state = 'vanished' and mtime_ns >= %(since_ns)s",
            machines=machines,
            since_ns=int(gone_since.timestamp()) * 1_000_000_000,
        )
    return {(row["machine"], row["path"]): (row["size_bytes"], row["mtime_ns"], row["state"]) for row in rows}


def save_vanished(connection: Connection, machine: str, paths: list[str]) -> int:
    """Mark files that are gone; their sessions stay."""
    return connection.execute(
        "update insights.transcript_files set state = 'vanished', error = null "
        "where machine = %s and path = any(%s) and state <> 'vanished'",
        [machine, paths],
    ).rowcount


def save_failure(connection: Connection, file: TranscriptFile, error: str, *, parser: str | None = None) -> None:
    """Keep that a file could not be read; what was read of it before stays.

    Args:
        parser: The parser that will fail on these bytes again; None when the failure may pass.
    """
    values = {**stat_values(file), "error": error, "parser": parser}
    known = (
        "select 1 from insights.transcript_files where machine = %(machine)s and path = %(path)s "
        "and state = 'failed' and size_bytes = %(size_bytes)s and mtime_ns = %(mtime_ns)s and error = %(error)s "
        "and failed_parser is not distinct from %(parser)s"
    )
    if not execute(connection, known, **values):  # a statement that changes no row still moves the data's version
        execute(connection, load_sql("sessions/upsert_failure"), **values, session_id=file.session_id)


def load_failed_for_good(connection: Connection, machines: list[str], parser: str) -> set[tuple[str, str, int, int]]:
    """(machine, path, size_bytes, mtime_ns) of files that this parser fails on each time."""
    rows = execute(connection, load_sql("sessions/failed_for_good"), machines=machines, parser=parser)
    return {(row["machine"], row["path"], row["size_bytes"], row["mtime_ns"]) for row in rows}


def stat_values(file: TranscriptFile) -> dict[str, Any]:
    """What says whether a file changed, by the names of its columns."""
    return {"machine": file.machine, "path": file.path, "size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns}
