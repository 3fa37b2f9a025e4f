"""Figures → narrative → page, for one report's days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from session_insights.aggregates.catalog import find_aggregates, period_type_of
from session_insights.aggregates.refreshing import RefreshedFigure
from session_insights.aggregates.refreshing import refresh_figure as refresh_aggregate
from session_insights.bucket import ClientMaker, environment_client
from session_insights.errors import SettingsError
from session_insights.facets.reading import choose_reader
from session_insights.llm.claude import ClaudeConnection
from session_insights.llm.clients import open_client
from session_insights.narratives.sections import Narrative
from session_insights.narratives.writing import write_by_claude, write_offline
from session_insights.profile import Profile
from session_insights.reports.content import Content, ReportFacts, build_content
from session_insights.reports.markdown import render_markdown
from session_insights.reports.publishing import (
    ENDINGS,
    UPLOAD_SETTING,
    Format,
    choose_formats,
    name_report,
    publish_page,
    upload_page,
)
from session_insights.reports.rendering import render_html
from session_insights.settings import Settings
from session_insights.store import figures as figure_store
from session_insights.store.database import Connection
from session_insights.windows import Period, Window
from session_insights.wording import plural

_RENDERERS: dict[Format, Callable[[Content], str]] = {"html": render_html, "markdown": render_markdown}
_NO_PLACE = f"Nowhere to upload to: {UPLOAD_SETTING} is not set to s3://bucket/prefix."


def aggregate_names(period: Period) -> list[str]:
    """The aggregates of a report, one task each."""
    return [aggregate.name for aggregate in find_aggregates(period)]


def why_no_report(connection: Connection) -> str | None:
    """Say why there is none: all DAGs of a new Airflow start at once, and a page about nothing helps nobody."""
    if figure_store.has_sessions(connection):
        return None
    return "No session was read yet: run insights_session_sync, then this again, or wait until it is due."


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
    return refresh_aggregate(connection, snapshot["snapshot_id"], name, days_of(snapshot))


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
    wanted = params.get("reader") or settings.reader
    # One text is no batch.
    reader = choose_reader("auto" if wanted == "batch" else wanted, has_claude=claude is not None)
    client = open_client(reader, claude, settings)
    if client is not None:
        narrative = write_by_claude(
            figures,
            profile,
            days_of(snapshot),
            client=client,
            model=settings.narrative_model,
            last=earlier,
        )
        if narrative.cost_usd != 0:  # None has no list price; 0 was asked of nobody
            figure_store.save_narrative_call(
                connection, snapshot["snapshot_id"], model=settings.narrative_model, cost_usd=narrative.cost_usd
            )
    else:
        narrative = write_offline(figures, profile, days_of(snapshot), last=earlier)
    figure_store.save_narrative(connection, snapshot["snapshot_id"], narrative.model_dump(mode="json"))
    return {
        "writer": narrative.writer,
        "dropped_sentence_count": narrative.dropped_sentence_count,
        "cost_usd": narrative.cost_usd,
    }


def publish_report(
    connection: Connection,
    snapshot: Mapping[str, Any],
    params: Mapping[str, Any] = MappingProxyType({}),
    *,
    settings: Settings,
    profile: Profile,
) -> dict[str, Any]:
    """Render the pages and put them where reports are kept."""
    snapshot_id, folder = snapshot["snapshot_id"], settings.reports_dir.expanduser()
    pages = _render_pages(connection, snapshot, params, profile)
    paths = {kind: publish_page(text, name, reports_dir=folder) for kind, name, text in pages}
    main, *_ = paths.values()
    figure_store.save_report_url(connection, snapshot_id, main.absolute().as_uri())
    [coverage] = figure_store.load_figures(connection, snapshot_id).current["coverage"]
    return {
        "path": str(main.absolute()),
        "paths": {kind: str(path.absolute()) for kind, path in paths.items()},
        "session_count": coverage["session_count"],
        "read_count": coverage["read_count"],
        "coverage": f"Read {coverage['read_count']} of {plural(coverage['session_count'], 'session')}.",
    }


def why_no_upload(params: Mapping[str, Any], settings: Settings) -> str | None:
    """None when reports are to be uploaded."""
    if not params.get("upload", True):
        return "Not asked for: the parameter 'upload' is off."
    return None if settings.reports_upload else _NO_PLACE


def upload_report(
    connection: Connection,
    snapshot: Mapping[str, Any],
    params: Mapping[str, Any] = MappingProxyType({}),
    *,
    settings: Settings,
    profile: Profile,
    s3: ClientMaker = environment_client,
) -> dict[str, Any]:
    """Put the pages into a bucket; where they can be read, and until when.

    Rendered again from the snapshot, because a task may run on a machine that does not have the folder of reports.

    Raises:
        SettingsError: No address is set, the bucket is not there, or the key does not open it.
        ObjectStoreError: The store is in trouble; the report is where it was.
    """
    address, snapshot_id = settings.reports_upload, snapshot["snapshot_id"]
    if address is None:
        raise SettingsError(_NO_PLACE)
    lifetime = timedelta(days=settings.reports_link_days)
    where: dict[str, Any] = {"address": address, "s3": s3, "public_url": settings.reports_public_url}
    urls, places = {}, []
    for kind, name, text in _render_pages(connection, snapshot, params, profile):
        places.append(f"{address}/{name}")
        # First, so that a purge finds what a killed task has uploaded.
        figure_store.save_upload(connection, snapshot_id, places[-1])
        urls[kind] = upload_page(text, name, lifetime=lifetime, **where)
    main, *_ = urls.values()
    figure_store.save_report_url(connection, snapshot_id, main)
    expires_at = None if settings.reports_public_url else (datetime.now(UTC) + lifetime).isoformat(timespec="minutes")
    return {"uploaded_to": places, "report_url": main, "report_urls": urls, "expires_at": expires_at}


def render_snapshot(connection: Connection, snapshot_id: int, profile: Profile) -> str:
    """The page of a report, from what its snapshot keeps.

    Raises:
        SettingsError: The snapshot is gone, or its text is not written yet.
    """
    return render_html(_load_content(connection, snapshot_id, profile))


def _render_pages(
    connection: Connection, snapshot: Mapping[str, Any], params: Mapping[str, Any], profile: Profile
) -> list[tuple[Format, str, str]]:
    """Each format that is wanted with the name of its file and its text."""
    formats = choose_formats(params.get("formats"))
    content = _load_content(connection, snapshot["snapshot_id"], profile)
    name = name_report(snapshot["period_type"], content.window)
    return [(kind, name + ENDINGS[kind], _RENDERERS[kind](content)) for kind in formats]


def _load_content(connection: Connection, snapshot_id: int, profile: Profile) -> Content:
    figures = figure_store.load_figures(connection, snapshot_id)
    kept = figure_store.load_narrative(connection, snapshot_id)
    if kept is None:
        raise SettingsError(
            "The report has no text yet: its run is not over, or it failed; run its DAG for these days."
        )
    narrative = Narrative.model_validate(kept)
    facts = ReportFacts(made_at=figure_store.load_made_at(connection, snapshot_id), version=version("session-insights"))
    window = figure_store.load_window(connection, snapshot_id)
    return build_content(figures, narrative, profile, window, facts)


def days_of(snapshot: Mapping[str, Any]) -> Window:
    """The days that a snapshot is about."""
    last_day = date.fromisoformat(snapshot["last_day"])
    return Window(date.fromisoformat(snapshot["first_day"]), last_day + timedelta(days=1))
