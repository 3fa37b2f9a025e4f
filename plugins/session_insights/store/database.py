"""One way to reach Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL

from session_insights.errors import SettingsError

Connection = psycopg.Connection[dict[str, Any]]


def connect(
    url: str | None,
    *,
    statement_timeout_seconds: int = 600,
    connect_timeout_seconds: int = 10,
    is_read_only: bool = False,
) -> Connection:
    """A connection that commits each statement unless inside `transaction()`; rows are dicts.

    A read-only one cannot write, whatever its role may, and each `transaction()` sees one moment of the data.

    Raises:
        SettingsError: No URL, or one that psycopg cannot read.
        psycopg.OperationalError: The server does not answer.
    """
    if not url:
        raise SettingsError(
            "No database: set SESSION_INSIGHTS_DATABASE_URL=postgresql://user:password@host:5432/insights, "
            "or in Airflow the connection 'session_insights_db'."
        )
    options = f"-c statement_timeout={statement_timeout_seconds * 1000} -c timezone=UTC"
    if is_read_only:
        # Short statements: compiling them takes longer than they do.
        options += " -c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read -c jit=off"
    try:
        connection = psycopg.connect(
            url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=connect_timeout_seconds,
            application_name="session-insights",
            options=options,
        )
    except psycopg.ProgrammingError as error:
        shown = urlsplit(url)
        raise SettingsError(f"Database URL {shown.scheme}://{shown.hostname or '?'}/…: {error}") from None
    return connection


def execute(connection: Connection, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Run one statement; its rows, or none where it returns none."""
    cursor = connection.execute(sql.encode(), values or None)
    return cursor.fetchall() if cursor.description else []


def execute_prepared(connection: Connection, sql: str, **values: Any) -> list[dict[str, Any]]:
    """The same for a long statement that runs often: a connection soon stops planning it anew; see `plan_once`."""
    return connection.execute(sql.encode(), values, prepare=True).fetchall()


def plan_once(connection: Connection) -> None:
    """Until the transaction ends, plan prepared statements once a connection, for any values."""
    execute(connection, "select set_config('plan_cache_mode', 'force_generic_plan', true)")


@contextmanager
def same_moment(connection: Connection, other: Connection) -> Iterator[None]:
    """A transaction on `other` that sees what that of `connection` sees; both of `connect(is_read_only=True)`."""
    [row] = execute(connection, "select pg_export_snapshot() as name")
    with other.transaction():
        other.execute(SQL("set transaction snapshot {}").format(row["name"]))
        yield
