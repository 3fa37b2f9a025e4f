"""What Airflow's assets stand for, as the tables and folders that OpenLineage's provider sends to a catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.lineage import NoOpCollector, get_hook_lineage_collector

from session_insights.bridge.tasks import FACETS, REPORTS, SESSIONS, TRANSCRIPTS
from session_insights.settings import Settings, Source
from session_insights.store.database import Connection

_TABLES = {SESSIONS.name: "claude_sessions", FACETS.name: "session_facets"}


def tell_lineage(database: Connection, settings: Settings, sources: list[Source]) -> None:
    """Name what this task reads and writes; costs nothing where no provider listens."""
    collector = get_hook_lineage_collector()
    if isinstance(collector, NoOpCollector):
        return
    task: Any = get_current_context()["task"]
    for add, assets in ((collector.add_input_asset, task.inlets), (collector.add_output_asset, task.outlets)):
        for asset in assets:
            for uri in find_uris(asset, database, settings, sources):
                add(context=task, uri=uri)


def find_uris(asset: Asset, database: Connection, settings: Settings, sources: list[Source]) -> Iterator[str]:
    """`postgres://host:port/database/schema/table`, `file:///folder` or `s3://bucket/prefix`; no user, no password."""
    if asset.name in _TABLES:
        server = database.info
        host = "localhost" if server.host.startswith("/") else server.host  # a socket's folder is no host
        yield f"postgres://{host}:{server.port}/{server.dbname}/insights/{_TABLES[asset.name]}"
    elif asset.name == TRANSCRIPTS.name:
        for _, root in sources:
            yield str(root) if "://" in str(root) else f"file://{root}"
    elif asset.name == REPORTS.name:
        yield f"file://{settings.reports_dir.expanduser()}"
