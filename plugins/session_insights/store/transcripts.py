"""Sessions into Postgres: a file's rows replaced as one, ownership and figures refreshed with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from typing import Any

from psycopg.types.json import Jsonb

from session_insights.records import PackedRows, ParsedFile, ParsedSession, TranscriptFile
from session_insights.store.database import Connection, execute
from session_insights.store.ledger import stat_values
from session_insights.store.maintenance import delete_text
from session_insights.store.packing import ENTRY_COLUMNS, MESSAGE_COLUMNS, pack_rows
from session_insights.store.people import replace_purged_people
from session_insights.store.queries import load_sql
from session_insights.store.searching import refresh_search

_LOCK = 7305103  # writers of sessions wait for each other
_COPY_BYTES = 256 * 1024
_LOOK_UP = 10_000  # messages
_SESSION_COLUMNS = [
    field.name for field in fields(ParsedSession) if field.name not in ("messages", "entries", "packed")
]


def save_passed_over(connection: Connection, file: TranscriptFile) -> None:
    """Keep that a file was looked at and nothing of it is wanted; says nothing of what it holds."""
    _save_ledger(connection, [_ledger_line(ParsedFile(replace(file, session_id=None), 0, "", {}, (), ()))])


def save_files(
    connection: Connection, parsed: list[ParsedFile], *, time_zone: str, is_reparsed: bool = False
) -> list[str]:
    """Replace what these files give.

    Args:
        is_reparsed: Also rows of files whose bytes have not changed since: the parser may have.

    Returns:
        The sessions whose rows were written; empty for a file whose sessions another, better copy holds.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        if not is_reparsed:
            parsed = _pass_over_unchanged(connection, parsed)
        chosen, stored_ids = _choose(connection, parsed)
        session_ids = list(chosen)
        _save_sessions(connection, chosen.values())
        lost_ids = _find_lost(connection, parsed)
        shared_ids = _remove_rows(connection, [*(stored_ids & chosen.keys()), *lost_ids], lost_ids=lost_ids)
        shared_ids |= _write_rows(connection, [session for session, _ in chosen.values()])
        delete_text(connection, session_ids)
        replace_purged_people(connection, session_ids)
        _save_ledger(connection, [_ledger_line(item) for item in parsed])
        execute(connection, load_sql("sessions/reread_better"), session_ids=session_ids)
        refresh(connection, session_ids, sorted(shared_ids), time_zone=time_zone)
    return session_ids


def refresh(connection: Connection, session_ids: list[str], shared_ids: list[str], *, time_zone: str) -> None:
    """Settle who owns what and recompute the figures of these sessions and of those that share messages with them.

    Args:
        shared_ids: Messages that stand, or stood, in several sessions. All others have their owner already.
    """
    affected = session_ids
    if shared_ids:
        execute(connection, load_sql("sessions/release_owners"), message_ids=shared_ids)
        execute(connection, load_sql("sessions/claim_owners"), message_ids=shared_ids)
        rows = execute(connection, load_sql("sessions/sessions_sharing"), message_ids=shared_ids)
        sharing = [row["session_id"] for row in rows]
        execute(connection, load_sql("sessions/mark_copied"), session_ids=sharing)
        affected = sorted({*session_ids, *sharing})
    execute(connection, load_sql("sessions/refresh_sessions"), session_ids=affected)
    parents = execute(
        connection,
        "select distinct coalesce(parent_session_id, id) as id from insights.claude_sessions "
        "where id = any(%(session_ids)s)",
        session_ids=affected,
    )
    refresh_days(connection, [row["id"] for row in parents], time_zone=time_zone)
    refresh_search(connection, affected)


def refresh_days(connection: Connection, session_ids: list[str], *, time_zone: str) -> None:
    execute(connection, load_sql("sessions/delete_days"), session_ids=session_ids)
    execute(connection, load_sql("sessions/insert_days"), session_ids=session_ids, time_zone=time_zone)
    count_days(connection, session_ids)


def count_days(connection: Connection, session_ids: list[str]) -> None:
    """What each day took by tool and by model, whose rows go with the day's own, and what all days cost together."""
    execute(connection, load_sql("sessions/insert_day_tools"), session_ids=session_ids)
    execute(connection, load_sql("sessions/insert_day_models"), session_ids=session_ids)
    execute(connection, load_sql("sessions/refresh_family_cost"), session_ids=session_ids)


def recut_days(connection: Connection, *, time_zone: str) -> int:
    """Cut all days anew when the profile's time zone has changed; the number of sessions cut."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        rows = execute(
            connection,
            # Postgres has no index for <>.
            "select distinct session_id from insights.session_days "
            "where time_zone < %(time_zone)s or time_zone > %(time_zone)s",
            time_zone=time_zone,
        )
        if rows:
            refresh_days(connection, [row["session_id"] for row in rows], time_zone=time_zone)
    return len(rows)


def _choose(
    connection: Connection, parsed: list[ParsedFile]
) -> tuple[dict[str, tuple[ParsedSession, TranscriptFile]], set[str]]:
    """For each session the file to take it from; and those of the sessions offered that are stored already.

    A session may stand in several files: copied from another machine, or as progress lines in its parent's file.
    Its own file wins, then the longer one, then the first by machine and path: the order of arrival decides nothing.
    The file that holds a session may always say that it has changed; `reread_better` sees to it that a copy which is
    better by then takes over.
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
        is_better = known is None or offer > known[0] or (offer == known[0] and source < known[1])
        if is_better or (known is not None and known[1] == source):
            rank[session.session_id] = (offer, source)
            chosen[session.session_id] = (session, item.file)
    return chosen, {row["session_id"] for row in rows}


def _save_sessions(connection: Connection, chosen: Iterable[tuple[ParsedSession, TranscriptFile]]) -> None:
    rows = [
        {
            "machine": file.machine,
            "transcript_path": file.path,
            **{name: getattr(session, name) for name in _SESSION_COLUMNS},
        }
        for session, file in chosen
    ]
    with connection.cursor() as cursor:
        cursor.executemany(load_sql("sessions/upsert_session").encode(), rows)


def _pass_over_unchanged(connection: Connection, parsed: list[ParsedFile]) -> list[ParsedFile]:
    """Files that have something new; of the others the ledger keeps the new time."""
    rows = execute(
        connection,
        load_sql("sessions/unchanged_files"),
        machines=[item.file.machine for item in parsed],
        paths=[item.file.path for item in parsed],
        digests=[item.digest for item in parsed],
    )
    unchanged = {(row["machine"], row["path"]) for row in rows}
    for item in parsed:
        if (item.file.machine, item.file.path) in unchanged:
            execute(connection, load_sql("sessions/touch_file"), **stat_values(item.file))
    return [item for item in parsed if (item.file.machine, item.file.path) not in unchanged]


def _find_lost(connection: Connection, parsed: list[ParsedFile]) -> list[str]:
    """Sub-agents that have no file of their own and are no longer in the one they stood in."""
    given = [session for item in parsed for session in item.sessions]
    files = [item.file for item in parsed if item.sessions]  # an emptied file is like one that vanished
    parent_ids = {session.parent_session_id or session.session_id for session in given}
    rows = execute(
        connection,
        load_sql("sessions/lost_agents"),
        machines=[file.machine for file in files],
        paths=[file.path for file in files],
        parent_ids=sorted(parent_ids),
        session_ids=[session.session_id for session in given],
    )
    return [row["session_id"] for row in rows]


def _remove_rows(connection: Connection, session_ids: list[str], *, lost_ids: list[str]) -> set[str]:
    """Delete what is stored of these sessions, the lost ones as a whole; their messages that other sessions have too.

    Most of a first sync's sessions are new: there is nothing of them to look for.
    """
    if not session_ids:
        return set()
    rows = execute(connection, load_sql("sessions/shared_before"), session_ids=session_ids)
    connection.execute("delete from insights.session_messages where session_id = any(%s)", [session_ids])
    connection.execute("delete from insights.session_entries where session_id = any(%s)", [session_ids])
    connection.execute("delete from insights.claude_sessions where id = any(%s)", [lost_ids])
    return {row["message_id"] for row in rows}


def _write_rows(connection: Connection, sessions: list[ParsedSession]) -> set[str]:
    """Write messages and entries; the messages that stand in several sessions now.

    A message that stands in one session alone is its own from the start.
    """
    rows = [session.packed or pack_rows(session.session_id, session.messages, session.entries) for session in sessions]
    shared = _shared_now(connection, rows)
    _copy(
        connection,
        "session_messages",
        [*MESSAGE_COLUMNS, "is_owner"],
        (
            line + (b"\tf\n" if message_id in shared else b"\tt\n")
            for packed in rows
            for message_ids, lines in packed.messages
            for message_id, line in zip(message_ids, lines, strict=True)
        ),
    )
    _copy(connection, "session_entries", ENTRY_COLUMNS, (piece for packed in rows for piece in packed.entries))
    return shared


def _shared_now(connection: Connection, rows: list[PackedRows]) -> set[str]:
    """Messages that stand in several of these sessions, or in others that are stored."""
    shared: set[str] = set()
    known: set[str] = set()
    batch: list[str] = []

    def look_up() -> None:
        found = connection.execute(
            "select distinct message_id from insights.session_messages where message_id = any(%s)", [batch]
        )
        shared.update(row["message_id"] for row in found)
        batch.clear()

    for packed in rows:
        for message_ids, _ in packed.messages:
            batch += message_ids
            if len(rows) > 1:  # a huge session comes alone, and its own ids differ
                shared.update(known.intersection(message_ids))
                known.update(message_ids)
            if len(batch) >= _LOOK_UP:
                look_up()
    look_up()
    return shared


def _copy(connection: Connection, table: str, columns: list[str], pieces: Iterable[bytes]) -> None:
    statement = f"copy insights.{table} (session_id, {', '.join(columns)}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        gathered = bytearray()
        for piece in pieces:
            gathered += piece
            if len(gathered) >= _COPY_BYTES:
                copy.write(gathered)
                gathered.clear()
        copy.write(gathered)


def _save_ledger(connection: Connection, lines: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(load_sql("sessions/upsert_file").encode(), lines)


def _ledger_line(parsed: ParsedFile) -> dict[str, Any]:
    return {
        **stat_values(parsed.file),
        "session_id": parsed.file.session_id,
        "read_bytes": parsed.read_bytes,
        "digest": parsed.digest,
        "bad_lines": Jsonb([asdict(line) for line in parsed.bad_lines]),
        "record_counts": Jsonb(parsed.record_counts),
    }
