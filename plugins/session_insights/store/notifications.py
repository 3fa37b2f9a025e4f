"""The outbox: a message is claimed and the claim committed before it is posted, so that it is never posted twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg.types.json import Jsonb

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql

State = Literal["waiting", "sending", "sent", "failed"]


@dataclass(frozen=True)
class Queued:
    """A message in the outbox."""

    message_id: int
    state: State


def put(connection: Connection, *, channel: str, dedupe_key: str, title: str, payload: dict[str, Any]) -> Queued:
    """Put a message in; while it was not posted its text follows, afterwards the first one stays."""
    values = {"channel": channel, "dedupe_key": dedupe_key, "title": title, "payload": Jsonb(payload)}
    [row] = execute(connection, load_sql("notifications/upsert_waiting"), **values)
    return Queued(row["id"], row["state"])


def claim(connection: Connection, message_id: int) -> dict[str, Any] | None:
    """The payload for whoever may post it; None when somebody else may or did."""
    rows = execute(connection, load_sql("notifications/claim"), message_id=message_id)
    return rows[0]["payload"] if rows else None


def settle(
    connection: Connection, message_id: int, state: State, *, receipt: str | None = None, error: str | None = None
) -> None:
    """Say what became of a claimed message."""
    values = {"message_id": message_id, "state": state, "receipt": receipt, "error": error}
    execute(connection, load_sql("notifications/settle"), **values)


def load_state(connection: Connection, message_id: int) -> dict[str, Any]:
    [row] = execute(connection, load_sql("notifications/load_state"), message_id=message_id)
    return row


def find_waiting(connection: Connection, channel: str, kinds: Sequence[str]) -> list[int]:
    """Messages of the last day that are still to be posted, oldest first."""
    rows = execute(connection, load_sql("notifications/select_waiting"), channel=channel, kinds=list(kinds))
    return [row["id"] for row in rows]


def load_posted(connection: Connection, channel: str, dedupe_key: str) -> list[dict[str, Any]]:
    """Payloads that were posted under a key and as its revisions, oldest first."""
    rows = execute(connection, load_sql("notifications/load_posted"), channel=channel, dedupe_key=dedupe_key)
    return [row["payload"] for row in rows]
