"""Our metrics by OpenTelemetry, as a collector receives them over HTTP; by StatsD: `test_upkeep.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from session_insights.store.database import Connection
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import sync_folder

AN_AGE = datetime.now(UTC) - timedelta(days=400)
# What a task's process does: it sends when it ends.
TASK = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory
from session_insights import bridge
from session_insights.bridge.connections import find_database_url
from session_insights.bridge.workplace import Workplace, load_task_profile
from session_insights.settings import load_settings
from session_insights.store.database import connect

stats.initialize(factory=get_stats_factory(), export_legacy_names=False)
settings = load_settings()
with connect(find_database_url(settings)) as database:
    bridge.measure(Workplace(database, settings, load_task_profile(settings), [], None, {}, "run"))
bridge.count("sync.read_bytes", 1_234)
"""


class Collector(ThreadingHTTPServer):
    """Takes what an OpenTelemetry exporter posts."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.paths: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.paths.add(self.path)
                for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for metric in (each for scope in resource.scope_metrics for each in scope.metrics):
                        for point in [*metric.gauge.data_points, *metric.sum.data_points]:
                            collector.values[metric.name] = point.as_double or float(point.as_int)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run_task(collector: Collector, database_url: str, tmp_path: Path, *, on: bool) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__METRICS__OTEL_ON": str(on),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "SESSION_INSIGHTS_DATABASE_URL": database_url,
    }
    subprocess.run([sys.executable, "-c", TASK], env=environment, check=True, capture_output=True, timeout=120)


def test_a_collector_receives_every_gauge_and_counter_and_nothing_when_metrics_are_off(
    collector: Collector, connection: Connection, database_url: str, tmp_path: Path
) -> None:
    said = [user("the old plan"), assistant("noted"), user("thanks")]
    write_transcript(tmp_path / "projects", transcript(*said, session_id="old", start=AN_AGE))
    sync_folder(connection, tmp_path / "projects")
    run_task(collector, database_url, tmp_path, on=False)
    assert collector.values == {}
    run_task(collector, database_url, tmp_path, on=True)
    assert collector.paths == {"/v1/metrics"}
    ours = "airflow.session_insights."
    sent = {name.removeprefix(ours): value for name, value in collector.values.items() if name.startswith(ours)}
    age = sent.pop("sync.newest_session_age_seconds")
    assert abs(age - (datetime.now(UTC) - AN_AGE).total_seconds()) < 600
    assert sent == {
        "sync.read_bytes": 1234,
        "sync.failed_files": 0,
        "facets.queued_sessions": 1,
        "facets.given_up_sessions": 0,
        "facets.failed_sessions": 0,
        "spending.today_usd": 0,
        "spending.month_usd": 0,
        "spending.unpriced_calls": 0,
        "spending.daily_cap_usd": 5,
        "spending.monthly_cap_usd": 50,
        "messages.undelivered": 0,
    }
