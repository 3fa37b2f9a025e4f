"""The connection that pages read by."""

from __future__ import annotations

from collections.abc import Iterator

from session_insights.settings import load_settings
from session_insights.store.database import Connection, connect


def reader() -> Iterator[Connection]:
    """One connection a request, which cannot write and gives up after 10 seconds."""
    with connect(load_settings().database_url, statement_timeout_seconds=10) as connection:
        connection.execute("set default_transaction_read_only = on")
        connection.execute("set jit = off")
        # Filters that are off are folded away only where a statement is planned for its own values.
        connection.prepare_threshold = None
        yield connection
