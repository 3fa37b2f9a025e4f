"""Sessions as pages and the JSON API show them; reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql

Row = dict[str, Any]


def load_page(connection: Connection, filters: Mapping[str, Any]) -> list[Row]:
    """One page of a session list; the parameters are those of `dashboard/sessions.sql`."""
    return execute(connection, load_sql("dashboard/sessions"), **filters)


def load_stems(connection: Connection, words: str) -> list[str]:
    """What a query of words looks for; empty where it has only words that every text has."""
    [row] = execute(connection, load_sql("dashboard/search_words"), words=words)
    return list(row["stems"] or [])


def load_hits(connection: Connection, session_ids: Sequence[str], words: Sequence[str]) -> dict[str, Row]:
    """Session → its first entry that has one of the words: entry_no, text."""
    rows = execute(connection, load_sql("dashboard/search_hits"), session_ids=list(session_ids), words=list(words))
    return {row["session_id"]: row for row in rows}


def load_choices(connection: Connection) -> Row:
    """Projects and machines that there are."""
    [row] = execute(connection, load_sql("dashboard/choices"))
    return row


def load_session(connection: Connection, session_id: str) -> Row | None:
    """A session's own columns, its `facet` as an object or None, and where its errors stand; None: not known."""
    rows = execute(connection, load_sql("dashboard/session"), session_id=session_id)
    return rows[0] if rows else None


def load_entries(
    connection: Connection, session_id: str, *, first_entry: int, most_entries: int, most_characters: int
) -> list[Row]:
    """A stretch of the transcript, from `first_entry` on."""
    return execute(
        connection,
        load_sql("dashboard/entries"),
        session_id=session_id,
        first_entry=first_entry,
        most_entries=most_entries,
        most_characters=most_characters,
    )


def load_tokens(connection: Connection, session_id: str) -> list[Row]:
    """Tokens and cost by model, own and of sub-agents."""
    return execute(connection, load_sql("dashboard/session_tokens"), session_id=session_id)


def load_relatives(connection: Connection, session_id: str) -> list[Row]:
    """Parent, sub-agents, and what it goes on from or is gone on with in."""
    return execute(connection, load_sql("dashboard/relatives"), session_id=session_id)


def load_attempts(connection: Connection, session_id: str) -> list[Row]:
    """Tries to read it, newest first."""
    return execute(connection, load_sql("dashboard/attempts"), session_id=session_id)
