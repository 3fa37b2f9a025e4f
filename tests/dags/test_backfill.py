"""The backfill as Airflow runs it: mapped over batches, deferred while they are answered, cleared and started again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection
from tests.fakes.batches import expired
from tests.fakes.claude import FakeClaude
from tests.integration.backfilling import answering, asked, fill, read_by

ROOT = Path(__file__).parent.parent.parent
REAL = {"dry_run": False}  # said in full: a process of `dag.test` remembers what the run before was told

# In a process of its own: Airflow reads its settings when it is imported. Each line of its input is the conf of a run.
SCRIPT = """
import json, sys
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.dag_processing.bundles.manager import DagBundlesManager
from session_insights.stages import backfill
backfill._SETTLE_SECONDS = 0.2
backfill._MOST_REQUESTS = 2
DagBundlesManager().sync_bundles_to_db()
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=sys.argv[1], bundle_name="dags-folder", load_op_links=False)
sync_bag_to_db(bag, "dags-folder", None)
dag = bag.dags["insights_facet_backfill"]
for task in dag.tasks:
    task.retries = 0
for conf in sys.argv[2:]:
    run = dag.test(run_conf=json.loads(conf))
    states = [
        [ti.task_id.rpartition(".")[2], ti.map_index, str(ti.state), ti.rendered_map_index]
        for ti in run.get_task_instances()
    ]
    print("ANSWER", json.dumps({"run": str(run.state), "tasks": sorted(states)}))
"""


@pytest.fixture
def claude() -> Iterator[FakeClaude]:
    with answering() as fake:
        yield fake


def run_dag(home: Path, database_url: str, claude: FakeClaude, *confs: dict[str, Any]) -> list[dict[str, Any]]:
    connection = {"conn_type": "anthropic", "host": claude.url, "password": "sk-secret"}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW_CONN_ANTHROPIC_DEFAULT": json.dumps(connection),
        "SESSION_INSIGHTS_DATABASE_URL": database_url,
        "SESSION_INSIGHTS_BATCH_POLL_SECONDS": "1",
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    arguments = [sys.executable, "-c", SCRIPT, str(ROOT / "dags"), *map(json.dumps, confs)]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    answers = [line.removeprefix("ANSWER ") for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert len(answers) == len(confs), done.stdout[-3000:] + done.stderr[-5000:]
    return [json.loads(answer) for answer in answers]


def states(run: dict[str, Any], task_id: str) -> list[str]:
    return [state for name, _, state, _ in run["tasks"] if name == task_id]


def test_a_run_sends_waits_without_a_worker_and_collects(
    connection: Connection, database_url: str, claude: FakeClaude, tmp_path: Path
) -> None:
    fill(connection, "one", "two", "three")
    claude.batches.seconds = 3
    dry, run, again = run_dag(tmp_path, database_url, claude, {"dry_run": True}, REAL, REAL)
    assert (dry["run"], states(dry, "collect_batch")) == ("success", ["skipped"])
    assert (run["run"], states(run, "submit_batch")) == ("success", ["success"] * 2)
    assert [name for task, _, _, name in run["tasks"] if task == "wait"] == ["msgbatch_0001", "msgbatch_0002"]
    assert (again["run"], states(again, "submit_batch")) == ("success", ["skipped"])
    assert asked(claude) == ["one", "three", "two"]
    assert len(read_by(connection)) == 3
    polls = [call for call in claude.calls if call == "GET /v1/messages/batches/msgbatch_0001"]
    assert len(polls) >= 3  # the trigger looked again and again


def test_a_session_that_cannot_be_read_fails_its_task_and_the_run_and_the_others_stay(
    connection: Connection, database_url: str, claude: FakeClaude, tmp_path: Path
) -> None:
    fill(connection, "one", "two", "three")
    claude.batches.answers = [expired()]
    failed, again = run_dag(tmp_path, database_url, claude, REAL, REAL)
    assert failed["run"] == "failed"
    assert sorted(states(failed, "collect_batch")) == ["failed", "success"]
    assert states(failed, "summarize") == ["failed"]
    assert again["run"] == "success"
    assert len(read_by(connection)) == 3
    assert len(asked(claude)) == 4
