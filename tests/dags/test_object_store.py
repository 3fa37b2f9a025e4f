"""The DAGs with a bucket: the client comes from the connection, and a dead bucket costs its own task alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user
from tests.fakes.object_store import ObjectStore
from tests.store.test_archive import lines

ROOT = Path(__file__).parent.parent.parent
# In a process of its own: Airflow reads its settings when it is imported.
SCRIPT = """
import json, os, sys
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=sys.argv[1], bundle_name="dags-folder", load_op_links=False)
told = {}
def run(label, dag_id, conf, known=None, **environment):
    os.environ.update(environment)
    ran = bag.dags[dag_id].test(run_conf=conf, mark_success_pattern=known)
    told[label] = {"run": str(ran.state), **{ti.task_id: str(ti.state) for ti in ran.get_task_instances()}}
figures = "refresh_figures"  # the snapshot has them from the first run
week = {"since": "2026-11-15", "until": "2026-11-21", "reader": "offline"}
run("sync", "insights_session_sync", {})
run("check", "insights_setup", {})
run("nowhere", "insights_weekly_report", week)
uploads = "s3://team/pages"
run("uploaded", "insights_weekly_report", week, figures, SESSION_INSIGHTS_REPORTS_UPLOAD=uploads)
run("dead", "insights_weekly_report", week, figures, SESSION_INSIGHTS_REPORTS_UPLOAD="s3://gone/pages")
print("ANSWER" + json.dumps(told))
"""


@pytest.fixture
def states(
    object_store: ObjectStore, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, dict[str, str]]:
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
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT / "dags")], env=environment, capture_output=True, text=True, check=False
    )
    answers = [line.removeprefix("ANSWER") for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert answers, done.stdout[-3000:] + done.stderr[-3000:]
    told: dict[str, Any] = json.loads(answers[0])
    return told


def test_sources_archive_and_uploads_go_through_the_connection(
    states: dict[str, dict[str, str]], object_store: ObjectStore, connection: Connection, tmp_path: Path
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
    failed = {task for task, state in states["dead"].items() if state != "success"}
    assert failed == {"run", "upload_report", "delivered"}, "the report is written all the same"
