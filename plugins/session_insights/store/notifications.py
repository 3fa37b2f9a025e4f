"""The outbox: a message is claimed and the claim committed before it is posted, so that it is never posted twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal

from psycopg.types.json import Jsonb

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql

Settled = Literal["sent", "waiting", "failed", "sending"]


def put(connection: Connection, *, channel: str, dedupe_key: str, title: str, payload: dict[str, Any]) -> int | None:
    """Put a message in; its id. Until it is claimed its text follows; None when it was claimed or sent before."""
    values = {"channel": channel, "dedupe_key": dedupe_key, "title": title, "payload": Jsonb(payload)}
    rows = execute(connection, load_sql("notifications/upsert_waiting"), **values, payload_digest=digest(payload))
    return int(rows[0]["id"]) if rows else None


def digest(payload: dict[str, Any]) -> str:
    """What a payload is recognised by once it is gone."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def claim(connection: Connection, message_id: int) -> dict[str, Any] | None:
    """The payload for whoever may post it; None when somebody else may or did."""
    rows = execute(connection, load_sql("notifications/claim"), message_id=message_id)
    return rows[0]["payload"] if rows else None


def settle(
    connection: Connection, message_id: int, state: Settled, *, receipt: str | None = None, error: str | None = None
) -> None:
    """Say what became of a claimed message. One that may have been posted stays in `sending`."""
    values = {"message_id": message_id, "state": state, "receipt": receipt, "error": error}
    execute(connection, load_sql("notifications/settle"), **values)


def load_state(connection: Connection, channel: str, dedupe_key: str) -> dict[str, Any] | None:
    """State and claimed_at of a message; None if it was never put in."""
    rows = execute(connection, load_sql("notifications/load_state"), channel=channel, dedupe_key=dedupe_key)
    return rows[0] if rows else None


def find_waiting(connection: Connection, channel: str, kinds: Sequence[str]) -> list[int]:
    """Messages of the last day that are still to be posted, oldest first."""
    rows = execute(connection, load_sql("notifications/select_waiting"), channel=channel, kinds=list(kinds))
    return [row["id"] for row in rows]


def load_posted(connection: Connection, channel: str, dedupe_key: str) -> list[str]:
    """Digests of what was posted under a key and as its revisions, oldest first."""
    rows = execute(connection, load_sql("notifications/load_posted"), channel=channel, dedupe_key=dedupe_key)
    return [row["payload_digest"] for row in rows]
