"""Figures → narrative → page, for one report's days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from importlib.metadata import version
from typing import Any

from session_insights.aggregates.catalog import find_aggregates, period_type_of
from session_insights.aggregates.refreshing import RefreshedFigure
from session_insights.aggregates.refreshing import refresh_figure as refresh_aggregate
from session_insights.facets.reading import choose_reader
from session_insights.llm.claude import ClaudeClient, ClaudeConnection
from session_insights.narratives.sections import Narrative
from session_insights.narratives.writing import write_by_claude, write_offline
from session_insights.profile import Profile
from session_insights.reports.content import ReportFacts, build_content
from session_insights.reports.publishing import publish_report as publish_page
from session_insights.reports.rendering import render_html
from session_insights.settings import Settings
from session_insights.store import figures as figure_store
from session_insights.store.database import Connection
from session_insights.windows import Period, Window


def aggregate_names(period: Period) -> list[str]:
    """The aggregates of a report, one task each."""
    return [aggregate.name for aggregate in find_aggregates(period)]


def open_snapshot(connection: Connection, period: Period, window: Window) -> dict[str, Any]:
    """Settle which days a report is about; what the tasks after it need."""
    period_type = period_type_of(period, window)
    return {
        "snapshot_id": figure_store.open_snapshot(connection, period_type, window),
        "period": period,
        "period_type": period_type,
        "first_day": window.start.isoformat(),
        "last_day": window.last_day.isoformat(),
    }


def refresh_figure(connection: Connection, snapshot: Mapping[str, Any], name: str) -> RefreshedFigure:
    """Run one aggregate for the report's days and for those before."""
    return refresh_aggregate(connection, snapshot["snapshot_id"], name, _days_of(snapshot))


def write_narrative(
    connection: Connection,
    snapshot: Mapping[str, Any],
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
) -> dict[str, Any]:
    """Say in words what the figures show."""
    figures = figure_store.load_figures(connection, snapshot["snapshot_id"])
    last = figure_store.load_last_narrative(connection, snapshot["snapshot_id"])
    earlier = Narrative.model_validate(last) if last else None
    reader = choose_reader(params.get("reader") or settings.reader, has_claude=claude is not None)
    if reader == "claude" and claude is not None:
        narrative = write_by_claude(
            figures,
            profile,
            _days_of(snapshot),
            client=ClaudeClient(claude),
            model=settings.narrative_model,
            last=earlier,
        )
    else:
        narrative = write_offline(figures, profile, _days_of(snapshot), last=earlier)
    figure_store.save_narrative(connection, snapshot["snapshot_id"], narrative.model_dump(mode="json"))
    return {
        "writer": narrative.writer,
        "dropped_sentence_count": narrative.dropped_sentence_count,
        "cost_usd": narrative.cost_usd,
    }


def publish_report(
    connection: Connection, snapshot: Mapping[str, Any], *, settings: Settings, profile: Profile
) -> dict[str, Any]:
    """Render the page and put it where reports are kept."""
    snapshot_id, window = snapshot["snapshot_id"], _days_of(snapshot)
    figures = figure_store.load_figures(connection, snapshot_id)
    narrative = Narrative.model_validate(figure_store.load_narrative(connection, snapshot_id))
    facts = ReportFacts(made_at=figure_store.load_made_at(connection, snapshot_id), version=version("session-insights"))
    page = render_html(build_content(figures, narrative, profile, window, facts))
    path = publish_page(
        page, reports_dir=settings.reports_dir.expanduser(), period_type=snapshot["period_type"], window=window
    )
    figure_store.save_report_url(connection, snapshot_id, path.absolute().as_uri())
    [coverage] = figures.current["coverage"]
    return {
        "path": str(path.absolute()),
        "session_count": coverage["session_count"],
        "read_count": coverage["read_count"],
        "coverage": f"Read {coverage['read_count']} of {coverage['session_count']} sessions.",
    }


def _days_of(snapshot: Mapping[str, Any]) -> Window:
    last_day = date.fromisoformat(snapshot["last_day"])
    return Window(date.fromisoformat(snapshot["first_day"]), last_day + timedelta(days=1))
