"""Sessions into Postgres: a file's rows replaced as one, ownership and figures refreshed with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields

from psycopg.types.json import Jsonb

from session_insights.records import Entry, Message, ParsedFile, ParsedSession, TranscriptFile
from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql

_LOCK = 7305103  # writers of sessions wait for each other
_MESSAGE_COLUMNS = [field.name for field in fields(Message)]
_ENTRY_COLUMNS = [field.name for field in fields(Entry)]
_SESSION_COLUMNS = [field.name for field in fields(ParsedSession) if field.name not in ("messages", "entries")]


def load_ledger(connection: Connection, machines: list[str]) -> dict[tuple[str, str], tuple[int, int, str]]:
    """(machine, path) → (size_bytes, mtime_ns, state) as of the last sync."""
    rows = execute(
        connection,
        "select machine, path, size_bytes, mtime_ns, state from insights.transcript_files "
        "where machine = any(%(machines)s)",
        machines=machines,
    )
    return {(row["machine"], row["path"]): (row["size_bytes"], row["mtime_ns"], row["state"]) for row in rows}


def save_vanished(connection: Connection, machine: str, paths: list[str]) -> int:
    """Mark files that are gone; their sessions stay."""
    return connection.execute(
        "update insights.transcript_files set state = 'vanished', error = null "
        "where machine = %s and path = any(%s) and state <> 'vanished'",
        [machine, paths],
    ).rowcount


def save_failure(connection: Connection, file: TranscriptFile, error: str) -> None:
    """Keep that a file could not be read; what was read of it before stays."""
    _save_ledger(connection, file, state="failed", error=error)


def save_files(connection: Connection, parsed: list[ParsedFile], *, time_zone: str) -> list[str]:
    """Replace what these files give.

    Returns:
        The sessions whose rows were written; empty for a file whose sessions another, longer copy holds.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        chosen = _choose(connection, parsed)
        session_ids = list(chosen)
        for session, file in chosen.values():
            values = {name: getattr(session, name) for name in _SESSION_COLUMNS}
            execute(
                connection,
                load_sql("sessions/upsert_session"),
                machine=file.machine,
                transcript_path=file.path,
                **values,
            )
        message_ids = _replace_rows(connection, [session for session, _ in chosen.values()])
        for item in parsed:
            _save_ledger(connection, item.file, parsed=item)
        refresh(connection, session_ids, message_ids, time_zone=time_zone)
    return session_ids


def refresh(connection: Connection, session_ids: list[str], message_ids: list[str], *, time_zone: str) -> None:
    """Settle who owns what and recompute the figures of these sessions and of those that share messages with them."""
    execute(connection, load_sql("sessions/release_owners"), message_ids=message_ids)
    execute(connection, load_sql("sessions/claim_owners"), message_ids=message_ids)
    rows = execute(connection, load_sql("sessions/sessions_sharing"), session_ids=session_ids, message_ids=message_ids)
    affected = [row["session_id"] for row in rows]
    execute(connection, load_sql("sessions/mark_copied"), session_ids=affected)
    execute(connection, load_sql("sessions/refresh_sessions"), session_ids=affected)
    parents = execute(
        connection,
        "select distinct coalesce(parent_session_id, id) as id from insights.claude_sessions "
        "where id = any(%(session_ids)s)",
        session_ids=affected,
    )
    refresh_days(connection, [row["id"] for row in parents], time_zone=time_zone)


def refresh_days(connection: Connection, session_ids: list[str], *, time_zone: str) -> None:
    execute(connection, load_sql("sessions/delete_days"), session_ids=session_ids)
    execute(connection, load_sql("sessions/insert_days"), session_ids=session_ids, time_zone=time_zone)


def recut_days(connection: Connection, *, time_zone: str) -> int:
    """Cut all days anew when the profile's time zone has changed; the number of sessions cut."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        rows = execute(
            connection,
            "select distinct session_id from insights.session_days where time_zone <> %(time_zone)s",
            time_zone=time_zone,
        )
        refresh_days(connection, [row["session_id"] for row in rows], time_zone=time_zone)
    return len(rows)


def _choose(connection: Connection, parsed: list[ParsedFile]) -> dict[str, tuple[ParsedSession, TranscriptFile]]:
    """For each session the file to take it from.

    A session may stand in several files: copied from another machine, or as progress lines in its parent's file.
    Its own file wins, then the longer one.
    """
    offered = [(session, item) for item in parsed for session in item.sessions]
    rows = execute(
        connection, load_sql("sessions/session_sources"), session_ids=[session.session_id for session, _ in offered]
    )
    rank = {
        row["session_id"]: ((row["is_own_file"], row["read_bytes"]), (row["machine"], row["transcript_path"]))
        for row in rows
    }
    chosen: dict[str, tuple[ParsedSession, TranscriptFile]] = {}
    for session, item in offered:
        offer = (item.file.session_id == session.session_id, item.read_bytes)
        source = (item.file.machine, item.file.path)
        known = rank.get(session.session_id)
        if known is None or known[1] == source or offer > known[0]:
            rank[session.session_id] = (offer, source)
            chosen[session.session_id] = (session, item.file)
    return chosen


def _replace_rows(connection: Connection, sessions: list[ParsedSession]) -> list[str]:
    """Write messages and entries; returns every message id that was or is in these sessions."""
    session_ids = [session.session_id for session in sessions]
    before = connection.execute(
        "delete from insights.session_messages where session_id = any(%s) returning message_id", [session_ids]
    ).fetchall()
    connection.execute("delete from insights.session_entries where session_id = any(%s)", [session_ids])
    _copy(connection, "session_messages", _MESSAGE_COLUMNS, [(s.session_id, s.messages) for s in sessions])
    _copy(connection, "session_entries", _ENTRY_COLUMNS, [(s.session_id, s.entries) for s in sessions])
    now = {message.message_id for session in sessions for message in session.messages}
    return sorted(now | {row["message_id"] for row in before})


def _copy(
    connection: Connection,
    table: str,
    columns: list[str],
    rows: Iterable[tuple[str, tuple[Message, ...] | tuple[Entry, ...]]],
) -> None:
    statement = f"copy insights.{table} (session_id, {', '.join(columns)}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for session_id, records in rows:
            for record in records:
                copy.write_row((session_id, *(getattr(record, column) for column in columns)))


def _save_ledger(
    connection: Connection,
    file: TranscriptFile,
    *,
    parsed: ParsedFile | None = None,
    state: str = "read",
    error: str | None = None,
) -> None:
    execute(
        connection,
        load_sql("sessions/upsert_file"),
        machine=file.machine,
        path=file.path,
        session_id=file.session_id,
        size_bytes=file.size_bytes,
        mtime_ns=file.mtime_ns,
        read_bytes=parsed.read_bytes if parsed else 0,
        digest=parsed.digest if parsed else "",
        state=state,
        error=error,
        bad_lines=Jsonb([asdict(line) for line in parsed.bad_lines] if parsed else []),
        record_counts=Jsonb(parsed.record_counts if parsed else {}),
    )
