"""The words that a search finds sessions by."""

from __future__ import annotations

from collections.abc import Sequence

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql


def refresh_search(connection: Connection, session_ids: Sequence[str]) -> None:
    """After what is stored of these sessions has changed, in the same transaction: a search shows nothing older."""
    if session_ids:
        execute(connection, load_sql("sessions/refresh_search"), session_ids=list(session_ids))
