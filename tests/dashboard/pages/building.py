"""Sessions for pages: rows as a sync and a reader leave them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from session_insights.store.database import Connection
from session_insights.store.searching import refresh_search
from tests.sql.given import insert_rows

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)  # noon in the sample profile's New York


def add_session(
    connection: Connection,
    session_id: str,
    *,
    ended_at: datetime = NOON,
    entries: list[dict[str, Any]] | None = None,
    facet: dict[str, Any] | None = None,
    minutes: float = 10,
    cost_usd: float | None = 0.5,
    prompts: int = 2,
    **columns: Any,
) -> None:
    """A person's session of an hour; days are UTC's."""
    session = {
        "id": session_id,
        "title": f"Title of {session_id}",
        "started_at": ended_at - timedelta(hours=1),
        "ended_at": ended_at,
        "first_record_at": ended_at,
        "human_prompt_count": prompts,
        "active_minutes": minutes,
        "content_hash": "c1",
    }
    given: dict[str, list[dict[str, Any]]] = {"claude_sessions": [session | columns]}
    if columns.get("parent_session_id") is None:
        day = {
            "session_id": session_id,
            "activity_date": ended_at.date(),
            "time_zone": "UTC",
            "active_minutes": minutes,
        }
        given["session_days"] = [day | {"cost_usd": cost_usd, "human_prompt_count": prompts}]
    given["session_entries"] = [{"session_id": session_id} | entry for entry in entries or []]
    if facet is not None:
        given["session_facets"] = [{"session_id": session_id, "content_hash": "c1"} | facet]
    insert_rows(connection, given)
    refresh_search(connection, [session_id])


def said(text: str, **more: Any) -> dict[str, Any]:
    """A prompt of a person."""
    return {"kind": "prompt", "text": text, "is_person": True} | more
