"""The DAGs with a bucket: the client comes from the connection, and what is dead costs its own task alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user
from tests.fakes.object_store import ObjectStore, refuse
from tests.fakes.webhooks import Webhooks, busy
from tests.live import connections_to
from tests.store.test_archive import lines

ROOT = Path(__file__).parent.parent.parent
# In a process of its own: Airflow reads its settings when it is imported.
SCRIPT = """
import json, os, sys
from datetime import timedelta
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=sys.argv[1], bundle_name="dags-folder", load_op_links=False)
for task in bag.dags["insights_weekly_report"].tasks:
    task.retry_delay = timedelta(0)
told = {}
def run(label, dag_id, conf, known=None, **environment):
    os.environ.update(environment)
    ran = bag.dags[dag_id].test(run_conf=conf, mark_success_pattern=known)
    tasks = ran.get_task_instances()
    told[label] = {"run": str(ran.state), **{ti.task_id: str(ti.state) for ti in tasks}}
    told[f"{label} tries"] = {ti.task_id: ti.try_number for ti in tasks}
figures = "refresh_figures"  # the snapshot has them from the first run
week = {"since": "2026-11-15", "until": "2026-11-21", "reader": "offline"}
run("sync", "insights_session_sync", {})
run("check", "insights_setup", {})
run("nowhere", "insights_weekly_report", week)
uploads = "s3://team/pages"
run("uploaded", "insights_weekly_report", week, figures, SESSION_INSIGHTS_REPORTS_UPLOAD=uploads)
run("dead", "insights_weekly_report", week, figures, SESSION_INSIGHTS_REPORTS_UPLOAD="s3://gone/pages")
run("down", "insights_weekly_report", week, figures, SESSION_INSIGHTS_REPORTS_UPLOAD="s3://down/pages")
run("busy", "insights_weekly_report", week, figures, SESSION_INSIGHTS_REPORTS_UPLOAD=uploads, **json.loads(sys.argv[2]))
print("ANSWER" + json.dumps(told))
"""


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    with Webhooks(*[busy(0.01)] * 13) as opened:
        yield opened


@pytest.fixture
def states(
    object_store: ObjectStore, webhooks: Webhooks, database_url: str, tmp_path: Path
) -> dict[str, dict[str, Any]]:
    """The states of the tasks of each run."""
    object_store.make_bucket("team")
    records = transcript(user("hi"), assistant(), start=datetime(2026, 11, 17, 12, tzinfo=UTC), session_id="there-1")
    object_store.put("team", "projects/-p/there-1.jsonl", lines(records))
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": object_store.url, "region_name": "eu-central-1"},
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW_CONN_SESSION_INSIGHTS_S3": json.dumps(connection),
        "PYTHONPATH": str(ROOT / "plugins"),
        "SESSION_INSIGHTS_DATABASE_URL": database_url,
        "SESSION_INSIGHTS_SOURCES": "desk=s3://team/projects",
        "SESSION_INSIGHTS_ARCHIVE": "s3://team/archive",
        "SESSION_INSIGHTS_REPORTS_DIR": str(tmp_path / "reports"),
    }
    channels = {"AIRFLOW_CONN_SLACK_DEFAULT": connections_to(webhooks)["AIRFLOW_CONN_SLACK_DEFAULT"]}
    command = [sys.executable, "-c", SCRIPT, str(ROOT / "dags"), json.dumps(channels)]
    with object_store.fault("PUT", "/down/", refuse("503 Slow Down", "SlowDown")):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    answers = [line.removeprefix("ANSWER") for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert answers, done.stdout[-3000:] + done.stderr[-3000:]
    told: dict[str, Any] = json.loads(answers[0])
    return told


def test_bucket_and_channel_are_those_of_the_connections_and_a_dead_one_fails_its_own_task_after_its_retries(
    states: dict[str, dict[str, Any]],
    object_store: ObjectStore,
    webhooks: Webhooks,
    connection: Connection,
    tmp_path: Path,
) -> None:
    assert set(states["sync"].values()) == set(states["check"].values()) == {"success"}
    assert execute(connection, "select id, machine from insights.claude_sessions") == [
        {"id": "there-1", "machine": "desk"}
    ]
    keys = object_store.keys("team")
    assert len([key for key in keys if key.startswith("archive/")]) == 2
    assert (states["nowhere"]["run"], states["nowhere"]["upload_report"]) == ("success", "skipped")
    assert states["uploaded"]["upload_report"] == "success"
    pages = [key for key in keys if key.startswith("pages/")]
    assert [Path(page).suffix for page in pages] == [".html", ".md"]
    for page in pages:
        assert object_store.get("team", page) == (tmp_path / "reports" / Path(page).name).read_bytes()
    # A bucket that is not there is not there at the next try either.
    for run, task, tries in (("dead", "upload_report", 1), ("down", "upload_report", 3), ("busy", "notify", 3)):
        failed = {name for name, state in states[run].items() if state != "success"}
        assert failed == {"run", task, "delivered"}, "the report is written all the same"
        assert states[f"{run} tries"][task] == tries
    # Each try of the task posts four times; then the failure is told.
    assert (len(webhooks.posted), webhooks.accepted) == (3 * 4 + 1, [])
