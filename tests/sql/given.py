"""Rows for a test: what a case does not say is filled in, so that it says only what it is about."""

from __future__ import annotations

from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from session_insights.store.database import Connection
from session_insights.store.transcripts import count_days

Tables = dict[str, list[dict[str, Any]]]

# In the order in which rows may be written. A session is a person's and of a size that counts unless it says otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "claude_sessions": {
        "machine": "laptop",
        "transcript_path": "/transcripts/session.jsonl",
        "category": "human",
        "human_prompt_count": 2,
    },
    "session_days": {
        "time_zone": "America/New_York",
        "human_prompt_count": 1,
        "active_minutes": 10,
        "message_count": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "unpriced_message_count": 0,
        "unfinished_message_count": 0,
    },
    "session_messages": {
        "last_record_no": 1,
        "model": "claude-opus-5-5",
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 0,
        "is_final": True,
        "is_owner": True,
    },
    "session_entries": {
        "record_no": 1,
        "kind": "tool",
        "text": "",
        "is_person": False,
        "lines_added": 0,
        "lines_removed": 0,
        "commit_count": 0,
        "active_seconds": 0,
    },
    "session_facets": {
        "reader": "offline",
        "prompt_version": 1,
        "prompt_hash": "",
        "content_hash": "",
        "extraction_model": "offline",
    },
    "facet_extractions": {
        "state": "ok",
        "reader": "offline",
        "model": "offline",
        "prompt_version": 1,
        "prompt_hash": "",
        "content_hash": "",
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "cost_usd": 0,
        "duration_seconds": 0,
    },
}


def insert_rows(connection: Connection, given: Tables) -> None:
    """Write the rows of a case; entries and messages are numbered in the order in which they stand."""
    unknown = set(given) - set(DEFAULTS)
    assert not unknown, f"no table of a case: {sorted(unknown)}"
    for table, defaults in DEFAULTS.items():
        for number, row in enumerate(given.get(table) or [], start=1):
            numbers: dict[str, Any] = {}
            if table == "session_entries":
                numbers = {"entry_no": number}
            if table == "session_messages":
                numbers = {"message_id": f"msg_{number}"}
            _insert_row(connection, table, {**defaults, **numbers, **row})
    count_days(connection, [row["id"] for row in given.get("claude_sessions") or []])


def _insert_row(connection: Connection, table: str, row: dict[str, Any]) -> None:
    statement = sql.SQL("insert into insights.{} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    values = {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}
    connection.execute(statement, values)
