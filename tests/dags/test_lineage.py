"""What OpenLineage's provider is told of a task: the tables and folders that its assets stand for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from session_insights.settings import Settings, parse_source
from session_insights.store.database import Connection


@pytest.fixture(autouse=True)
def airflow_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))


def test_a_listening_provider_learns_tables_and_folders_and_no_password(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.lineage import HookLineageCollector

    from session_insights.bridge import lineage

    collector = HookLineageCollector()
    assets = lineage.TRANSCRIPTS, lineage.SESSIONS, lineage.FACETS, lineage.REPORTS
    task = SimpleNamespace(inlets=assets[:2], outlets=assets[2:])
    monkeypatch.setattr(lineage, "get_hook_lineage_collector", lambda: collector)
    monkeypatch.setattr(lineage, "get_current_context", lambda: {"task": task})
    sources = [parse_source("desk=/transcripts/desk"), parse_source("laptop=s3://bucket/laptop")]
    lineage.tell_lineage(connection, Settings(reports_dir=Path("/srv/reports")), sources)
    told = collector.collected_assets
    server = connection.info
    tables = f"postgres://{server.host}:{server.port}/{server.dbname}/insights"
    assert {each.asset.uri for each in told.inputs} == {
        "file:///transcripts/desk",
        "s3://bucket/laptop",
        f"{tables}/claude_sessions",
    }
    assert {each.asset.uri for each in told.outputs} == {f"{tables}/session_facets", "file:///srv/reports"}
    assert server.password not in str(told)


def test_nothing_is_gathered_where_nobody_listens(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    from session_insights.bridge import lineage

    # There is no task here to ask for its assets.
    monkeypatch.setattr(lineage, "get_current_context", lambda: pytest.fail("asked"))
    lineage.tell_lineage(connection, Settings(), [])
