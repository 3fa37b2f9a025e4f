"""One way to reach Postgres."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from session_insights.errors import SettingsError

Connection = psycopg.Connection[dict[str, Any]]


def connect(url: str | None, *, statement_timeout_seconds: int = 600) -> Connection:
    """A connection that commits each statement unless inside `transaction()`; rows are dicts.

    Raises:
        SettingsError: No URL, or one that psycopg cannot read.
        psycopg.OperationalError: The server does not answer.
    """
    if not url:
        raise SettingsError(
            "No database: set SESSION_INSIGHTS_DATABASE_URL=postgresql://user:password@host:5432/insights, "
            "or in Airflow the connection 'session_insights_db'."
        )
    try:
        connection = psycopg.connect(
            url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=10,
            application_name="session-insights",
            options=f"-c statement_timeout={statement_timeout_seconds * 1000} -c timezone=UTC",
        )
    except psycopg.ProgrammingError as error:
        shown = urlsplit(url)
        raise SettingsError(f"Database URL {shown.scheme}://{shown.hostname or '?'}/…: {error}") from None
    return connection


def execute(connection: Connection, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Run one statement; its rows, or none where it returns none."""
    cursor = connection.execute(sql.encode(), values or None)
    return cursor.fetchall() if cursor.description else []
