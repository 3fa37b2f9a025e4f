"""Days that anomalies are looked for in, and those that were found."""

from __future__ import annotations

from datetime import date
from typing import Any

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql
from session_insights.windows import Window


def load_series(connection: Connection, window: Window) -> list[dict[str, Any]]:
    """Rows of metric, activity_date, session_count, total and squares."""
    return execute(connection, load_sql("anomalies/daily_series"), window_start=window.start, window_end=window.end)


def load_days_with_files(connection: Connection, window: Window, time_zone: str) -> list[date]:
    """Local days on which a changed transcript was read; today's too."""
    values = {"window_start": window.start, "time_zone": time_zone}
    rows = execute(connection, load_sql("anomalies/days_with_files"), **values)
    return [row["activity_date"] for row in rows]


def open_anomaly(connection: Connection, *, metric: str, day: date, **figures: Any) -> None:
    """Keep an abnormal day: a new anomaly, or one more day of the open one. One that was closed stays closed."""
    execute(connection, load_sql("anomalies/open_anomaly"), metric=metric, day=day, **figures)


def close_anomaly(connection: Connection, metric: str, day: date) -> int:
    """Close what is open for a metric on a normal day; how many."""
    return len(execute(connection, load_sql("anomalies/close_anomaly"), metric=metric, day=day))


def load_open(connection: Connection) -> list[dict[str, Any]]:
    """Anomalies that nobody was told of, oldest first."""
    return execute(connection, load_sql("anomalies/load_open"))


def load_running(connection: Connection) -> dict[str, date]:
    """Metric → the first day of its anomaly that is not closed."""
    rows = execute(connection, load_sql("anomalies/load_running"))
    return {row["metric"]: row["window_start"] for row in rows}


def mark_told(connection: Connection, anomaly_id: int) -> None:
    execute(connection, load_sql("anomalies/mark_told"), anomaly_id=anomaly_id)


def count_run(connection: Connection, dag_run_id: str) -> dict[str, Any]:
    """What a DAG run has read: read_count, failed_count, cost_usd (None: no list price)."""
    [row] = execute(connection, load_sql("facets/count_run"), dag_run_id=dag_run_id)
    return row
