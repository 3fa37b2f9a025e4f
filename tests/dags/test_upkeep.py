"""Runs of `insights_maintenance`, and what operators are told by metrics, logs and lineage."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.postgres import Cluster
from session_insights.settings import Settings
from session_insights.stages import maintaining
from session_insights.stages.maintaining import MaintenanceFailed
from session_insights.store.database import Connection, execute
from tests.building import assistant, result, transcript, user, write_transcript
from tests.dags.conftest import SYNC, Trial
from tests.dags.test_sync_runs import label, states

MAINTENANCE = "insights_maintenance"
SECRET = "ghp_" + "Zq7" * 12
AN_AGE = datetime.now(UTC) - timedelta(days=400)


def write_old_session(root: Path) -> None:
    said = [user("the old plan"), assistant("noted"), user("thanks")]
    write_transcript(root, transcript(*said, session_id="old", start=AN_AGE))


def test_without_settings_a_run_is_green_and_keeps_all(trial: Trial, source: Path, connection: Connection) -> None:
    write_old_session(source)
    trial()
    before = execute(connection, "select * from insights.session_entries order by entry_no")
    run = trial(MAINTENANCE)
    assert run["state"] == "success"
    assert states(run) == {
        "delete_entries": "skipped",
        "delete_archived": "skipped",
        "clear_bookkeeping": "success",
        "delete_leftovers": "success",
        "delete_logs": "success",
        "vacuum_tables": "success",
        "clean_airflow": "skipped",
    }
    why = "SESSION_INSIGHTS_ENTRY_DAYS is not set: every entry is kept for good."
    assert label(run, "delete_entries") == why
    assert execute(connection, "select * from insights.session_entries order by entry_no") == before


def test_a_run_says_beside_its_tasks_what_went_and_a_dry_one_what_would(
    trial: Trial, source: Path, connection: Connection
) -> None:
    write_old_session(source)
    trial()
    texts = "select count(*) as n from insights.session_entries where text <> ''"
    dry = trial(MAINTENANCE, conf={"dry_run": True}, SESSION_INSIGHTS_ENTRY_DAYS="90")
    assert label(dry, "delete_entries") == "The text of 1 session would be deleted: older than 90 days."
    assert execute(connection, texts) == [{"n": 3}]
    run = trial(MAINTENANCE, conf={"dry_run": False}, SESSION_INSIGHTS_ENTRY_DAYS="90")
    assert label(run, "delete_entries") == "3 entries of 1 session deleted: older than 90 days."
    assert execute(connection, texts) == [{"n": 0}]


def test_old_logs_go_from_the_folder_that_airflow_names_and_those_of_make_run_are_shortened(
    trial: Trial, tmp_path: Path
) -> None:
    old = tmp_path / "tasks" / "dag_id=insights_setup" / "run_id=1" / "task_id=migrate" / "attempt=1.log"
    server = tmp_path / "state" / "logs" / "scheduler.log"
    for path, text in ((old, "x"), (server, "x" * 21_000_000)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    os.utime(old, (0, 0))
    folders = {
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / "tasks"),
        "SESSION_INSIGHTS_STATE_DIR": str(tmp_path / "state"),
    }
    run = trial(MAINTENANCE, **folders)
    said = "1 log deleted: older than 90 days; 1 log of processes shortened (20.0 MB)."
    assert label(run, "delete_logs") == said
    assert not old.exists()
    assert server.stat().st_size == 0


def test_airflows_own_history_is_cleaned_by_its_command_when_a_setting_and_a_connection_say_so(
    trial: Trial, source: Path
) -> None:
    refused = trial(MAINTENANCE, SESSION_INSIGHTS_AIRFLOW_DAYS="30")
    assert states(refused)["clean_airflow"] == "failed"
    assert "No connection 'session_insights_airflow_db': add one of type postgres" in label(refused, "clean_airflow")


def test_airflows_old_events_go_and_its_young_ones_stay(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("create database airflow_upkeep")
    url = cluster.url("airflow_upkeep")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url.replace("postgresql:", "postgresql+psycopg2:"))
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    # What Airflow gives a task instead of its database's address.
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    settings = Settings(airflow_days=30)
    with psycopg.connect(url, autocommit=True) as airflow:
        airflow.execute("insert into log (dttm, event) values (now() - interval '31 days', 'old'), (now(), 'young')")
        left = "select event from log where event in ('old', 'young') order by event"
        before = {name for (name,) in airflow.execute("select tablename from pg_tables")}
        maintaining.clean_airflow(url, settings=settings, dry_run=True)
        assert airflow.execute(left).fetchall() == [("old",), ("young",)]
        done = maintaining.clean_airflow(url, settings=settings)
        assert airflow.execute(left).fetchall() == [("young",)]
        assert {name for (name,) in airflow.execute("select tablename from pg_tables")} == before
    assert done["summary"] == f"Airflow's history before {done['before'][:10]} deleted."
    with pytest.raises(MaintenanceFailed, match="airflow db clean failed: ") as failed:
        maintaining.clean_airflow(url.replace("airflow_upkeep", "nowhere"), settings=settings)
    assert cluster.password not in str(failed.value)


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        yield receiver


def received(receiver: socket.socket) -> dict[str, str]:
    """Metric → what was last sent of it, of ours."""
    lines: list[str] = []
    while True:
        try:
            lines += receiver.recv(65_536).decode().splitlines()
        except TimeoutError:
            break
    told = (line.rpartition(":") for line in lines)
    ours = "airflow.session_insights."
    return {name.removeprefix(ours): value for name, _, value in told if name.startswith(ours)}


def metrics_to(receiver: socket.socket, *, on: bool = True) -> dict[str, str]:
    host, port = receiver.getsockname()
    return {
        "AIRFLOW__METRICS__STATSD_ON": str(on),
        "AIRFLOW__METRICS__STATSD_HOST": host,
        "AIRFLOW__METRICS__STATSD_PORT": str(port),
    }


def test_a_run_sends_lag_queue_failures_and_spending_to_statsd_and_nothing_when_metrics_are_off(
    trial: Trial, source: Path, statsd: socket.socket
) -> None:
    write_old_session(source)
    trial(**metrics_to(statsd))
    trial(**metrics_to(statsd))  # the second begins with what the first has written
    sent = received(statsd)
    age = float(sent.pop("sync.newest_session_age_seconds").removesuffix("|g"))
    assert abs(age - (datetime.now(UTC) - AN_AGE).total_seconds()) < 600
    assert float(sent.pop("sync.read_bytes").removesuffix("|c")) == next(source.rglob("*.jsonl")).stat().st_size
    assert sent == {
        "sync.failed_files": "0.0|g",
        "facets.queued_sessions": "1.0|g",
        "facets.given_up_sessions": "0.0|g",
        "facets.failed_sessions": "0.0|g",
        "spending.today_usd": "0.0|g",
        "spending.month_usd": "0.0|g",
        "spending.unpriced_calls": "0.0|g",
        "spending.daily_cap_usd": "5.0|g",
        "spending.monthly_cap_usd": "50.0|g",
        "messages.undelivered": "0.0|g",
    }
    trial(**metrics_to(statsd, on=False))
    assert received(statsd) == {}


def test_a_secret_of_a_transcript_or_a_connection_never_reaches_a_log(
    trial: Trial, source: Path, connection: Connection, database_url: str
) -> None:
    records = transcript(
        user(f"use {SECRET}"),
        assistant(tool="Bash", given={"command": f"curl -H 'Authorization: Bearer {SECRET}'"}, call="c1"),
        result("c1", f"denied: {SECRET}", is_error=True),
        user("again"),
        session_id="s",
    )
    write_transcript(source, [*records, {"type": "ai-title", "aiTitle": f"Use {SECRET}", "sessionId": "s"}])
    (source / "-bad").mkdir()
    (source / "-bad" / f"{SECRET}.jsonl").write_text(json.dumps({"type": "user", "secret": SECRET}) + "\n")
    logs = [trial()["log"], trial("insights_facet_extraction", SESSION_INSIGHTS_QUIET_MINUTES="0")["log"]]
    # A row that Postgres refuses is shown by it, with what stood in the row.
    connection.execute(
        "alter table insights.session_entries add constraint refuse check (kind <> 'prompt') not valid; "
        "update insights.transcript_files set mtime_ns = -1, digest = ''"
    )
    refused = trial()
    assert refused["state"] == "failed"
    logs.append(refused["log"])
    wrong = "postgresql://insights:Sup3r-S3cret@127.0.0.1:1/insights"
    logs += [trial(dag_id, SESSION_INSIGHTS_DATABASE_URL=wrong)["log"] for dag_id in (SYNC, MAINTENANCE)]
    password = database_url.partition("@")[0].rpartition(":")[2]
    for log in logs:
        assert len(log) > 500
        for secret in (SECRET.removeprefix("ghp_"), "Sup3r-S3cret", password):
            assert secret not in log


def test_the_asset_graph_leads_from_sources_over_sessions_and_facets_to_reports(airflow: Any) -> None:
    lineage = {
        SYNC: ({"insights_transcripts"}, {"insights_sessions"}),
        "insights_facet_extraction": ({"insights_sessions"}, {"insights_facets"}),
        "insights_facet_backfill": ({"insights_sessions"}, {"insights_facets"}),
        "insights_weekly_report": ({"insights_sessions", "insights_facets"}, {"insights_reports"}),
        "insights_monthly_deep_dive": ({"insights_sessions", "insights_facets"}, {"insights_reports"}),
        "insights_session_ended": (
            {"insights_transcripts", "insights_sessions"},
            {"insights_sessions", "insights_facets"},
        ),
        MAINTENANCE: (set(), set()),
        "insights_setup": (set(), set()),
    }
    print(json.dumps({"lineage": True}), file=airflow.stdin, flush=True)
    found = json.loads(airflow.stdout.readline())
    assert {dag_id: tuple(set(names) for names in ends) for dag_id, ends in found.items()} == lineage
