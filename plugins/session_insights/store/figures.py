"""Figures of a window: read from the aggregates' SQL, kept in `insights_snapshots`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from session_insights.errors import SettingsError
from session_insights.records import Figures, Rows
from session_insights.store.database import Connection, execute, execute_prepared
from session_insights.store.queries import load_sql
from session_insights.windows import Window


def load_rows(connection: Connection, name: str, window: Window) -> Rows:
    """The rows of one aggregate, ready for JSON: dates and times as ISO strings, numbers as int or float."""
    values = {"window_start": window.start, "window_end": window.end}
    rows = execute_prepared(connection, load_sql(f"aggregates/{name}"), **values)
    return [{column: _as_json(value) for column, value in row.items()} for row in rows]


def has_sessions(connection: Connection) -> bool:
    """Tell whether any session was ever read from a source."""
    return bool(execute(connection, load_sql("reports/any_session"))[0]["is_any"])


def open_snapshot(connection: Connection, period_type: str, window: Window) -> int:
    """Find or make the snapshot of a window.

    The same window again keeps what is there. A window of the same start and another end replaces it: figures,
    narrative and address of the other days are gone.
    """
    [row] = execute(
        connection,
        load_sql("reports/upsert_snapshot"),
        period_type=period_type,
        window_start=window.start,
        window_end=window.end,
    )
    return int(row["id"])


def save_narrative_call(connection: Connection, snapshot_id: int, *, model: str, cost_usd: float | None) -> None:
    """Keep what a text by a model cost; writing it again costs again."""
    execute(
        connection, load_sql("reports/insert_narrative_call"), snapshot_id=snapshot_id, model=model, cost_usd=cost_usd
    )


def load_window(connection: Connection, snapshot_id: int) -> Window:
    """The days that a snapshot stands for."""
    row = _load_snapshot(connection, snapshot_id)
    return Window(row["period_start"], row["period_end"])


def save_figure(connection: Connection, snapshot_id: int, name: str, current: Rows, previous: Rows) -> None:
    """Put one aggregate into a snapshot; many tasks may do so at once."""
    figure = Jsonb({"current": current, "previous": previous})
    _expect(execute(connection, load_sql("reports/save_figure"), snapshot_id=snapshot_id, name=name, figure=figure))


def load_figures(connection: Connection, snapshot_id: int) -> Figures:
    """All aggregates that a snapshot has."""
    metrics = _load_snapshot(connection, snapshot_id)["metrics"]
    return Figures(
        current={name: figure["current"] for name, figure in metrics.items()},
        previous={name: figure["previous"] for name, figure in metrics.items()},
    )


def save_narrative(connection: Connection, snapshot_id: int, narrative: dict[str, Any]) -> None:
    """Put the text into a snapshot."""
    values = {"snapshot_id": snapshot_id, "narrative": Jsonb(narrative)}
    _expect(execute(connection, load_sql("reports/save_narrative"), **values))


def load_narrative(connection: Connection, snapshot_id: int) -> dict[str, Any] | None:
    """The text of a snapshot, None before it is written."""
    narrative: dict[str, Any] | None = _load_snapshot(connection, snapshot_id)["narrative"]
    return narrative


def load_last_narrative(connection: Connection, snapshot_id: int) -> dict[str, Any] | None:
    """The text of the report before this one, None where there is none."""
    rows = execute(connection, load_sql("reports/load_last_narrative"), snapshot_id=snapshot_id)
    narrative: dict[str, Any] | None = rows[0]["narrative"] if rows else None
    return narrative


def load_made_at(connection: Connection, snapshot_id: int) -> datetime:
    """When figures or text of a snapshot changed last; making the same report again leaves it."""
    made_at: datetime = _load_snapshot(connection, snapshot_id)["updated_at"]
    return made_at


def load_report_url(connection: Connection, snapshot_id: int) -> str | None:
    """The report's address, None before it is published."""
    report_url: str | None = _load_snapshot(connection, snapshot_id)["report_url"]
    return report_url


def save_report_url(connection: Connection, snapshot_id: int, report_url: str) -> None:
    """Put the report's address into a snapshot."""
    _expect(execute(connection, load_sql("reports/save_report_url"), snapshot_id=snapshot_id, report_url=report_url))


def save_upload(connection: Connection, snapshot_id: int, path: str) -> None:
    """Note that a page of this report goes to `s3://bucket/key`."""
    _expect(execute(connection, load_sql("reports/save_upload"), snapshot_id=snapshot_id, path=path))


def load_snapshots(
    connection: Connection, *, limit: int, before: tuple[date, int] | None = None
) -> list[dict[str, Any]]:
    """Reports by their days, newest first."""
    end, snapshot_id = before or (None, None)
    return execute(
        connection, load_sql("dashboard/snapshots"), before_end=end, before_id=snapshot_id, result_limit=limit
    )


def load_snapshot(connection: Connection, snapshot_id: int) -> dict[str, Any] | None:
    """A report's figures and text as they are kept; None: there is none."""
    rows = execute(connection, load_sql("reports/load_snapshot"), snapshot_id=snapshot_id)
    return rows[0] if rows else None


def load_facet_stats(connection: Connection, window: Window) -> list[dict[str, Any]]:
    """facet, value, session_count."""
    return execute(connection, load_sql("dashboard/facet_stats"), window_start=window.start, window_end=window.end)


def _load_snapshot(connection: Connection, snapshot_id: int) -> dict[str, Any]:
    rows = execute(connection, load_sql("reports/load_snapshot"), snapshot_id=snapshot_id)
    _expect(rows)
    return rows[0]


def _expect(rows: list[dict[str, Any]]) -> None:
    if not rows:
        raise SettingsError("The snapshot of this report is gone; run the whole report again.")


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
