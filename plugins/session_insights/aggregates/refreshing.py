"""One aggregate of one report: run for its window and for the one before, and kept."""

from __future__ import annotations

from typing import TypedDict

from session_insights.errors import SettingsError
from session_insights.store.database import Connection
from session_insights.store.figures import load_rows, load_window, save_figure
from session_insights.windows import Window


class RefreshedFigure(TypedDict):
    """What a task says of its work."""

    name: str
    row_count: int
    previous_row_count: int


def refresh_figure(connection: Connection, snapshot_id: int, name: str, window: Window) -> RefreshedFigure:
    """Run one aggregate and put it into the snapshot; doing so again changes nothing while the data is the same.

    Raises:
        SettingsError: The snapshot stands for other days by now.
    """
    kept = load_window(connection, snapshot_id)
    if kept != window:
        raise SettingsError(
            f"{name}: the report from {window.start} to {window.last_day} was replaced by the one to {kept.last_day}; "
            "run the whole report again."
        )
    current = load_rows(connection, name, window)
    previous = load_rows(connection, name, window.previous())
    save_figure(connection, snapshot_id, name, current, previous)
    return {"name": name, "row_count": len(current), "previous_row_count": len(previous)}
