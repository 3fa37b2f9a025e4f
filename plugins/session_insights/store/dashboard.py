"""What pages ask beside the figures, and the filter under which figures are counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql
from session_insights.windows import Window


@dataclass(frozen=True)
class DataVersion:
    """Two numbers that tell whether something was written that a page may show."""

    change: int  # moves with every sync, reading and correction
    urgent: int  # moves with a correction or a purge alone


def load_version(connection: Connection) -> DataVersion:
    [row] = execute(connection, load_sql("dashboard/data_version"))
    return DataVersion(row["change_count"], row["urgent_count"])


def set_filter(connection: Connection, session_filter: Mapping[str, str | None]) -> None:
    """Count only sessions with these values until the transaction ends; see insights.session_filter."""
    text = json.dumps(dict(session_filter)) if session_filter else ""
    execute(connection, "select set_config('insights.session_filter', %(text)s, true)", text=text)


def load_last_sync(connection: Connection) -> dict[str, Any]:
    """`read_at`, None before the first sync, and `machine_count`."""
    [row] = execute(connection, load_sql("dashboard/last_sync"))
    return row


def load_anomalies(connection: Connection, window: Window) -> list[dict[str, Any]]:
    """What was abnormal in a window and is not over, newest first: metric, window_start, window_end, explanation."""
    values = {"window_start": window.start, "window_end": window.end}
    return execute(connection, load_sql("dashboard/anomalies_within"), **values)


def load_offered(connection: Connection) -> dict[str, list[str | None]]:
    """What filters offer: projects, machines, initiators of your sessions; None is unknown."""
    [row] = execute(connection, load_sql("dashboard/offered"))
    return {name: values or [] for name, values in row.items()}
