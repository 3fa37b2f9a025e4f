"""What the dashboard's health page knows; reads only, and never looks at a source itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql

Row = dict[str, Any]


def load_sources(connection: Connection) -> list[Row]:
    """Counts of files by machine, when one was last read, and how new the newest is."""
    return execute(connection, load_sql("dashboard/health_sources"))


def load_failed_files(connection: Connection) -> list[Row]:
    """Files that could not be read: machine, path, error, read_at."""
    return execute(connection, load_sql("dashboard/health_failed_files"))


def load_failures(connection: Connection, *, since: datetime) -> list[Row]:
    """Sessions that could not be read, newest first."""
    return execute(connection, load_sql("dashboard/health_failures"), since=since)


def load_counts(connection: Connection, *, attempts: int, questions: Sequence[int]) -> Row:
    """Queue, archive, batches and outbox in numbers.

    Args:
        attempts: After so many a session is given up.
        questions: Versions that a session is read with now: a prompt's, and that of rules as a negative number.
    """
    [row] = execute(connection, load_sql("dashboard/health_counts"), attempts=attempts, questions=list(questions))
    return row


def load_newest_end(connection: Connection) -> datetime | None:
    """When the last session that is known ended; None when there is none."""
    [row] = execute(connection, "select max(ended_at) as ended_at from insights.claude_sessions")
    ended_at: datetime | None = row["ended_at"]
    return ended_at


def load_anomalies(connection: Connection) -> list[Row]:
    """Anomalies that are not over."""
    return execute(connection, load_sql("dashboard/health_anomalies"))
