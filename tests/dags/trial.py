"""Runs a DAG when told to, in this process, and says what came of it. Started by `airflow_trial` in test_sync_runs.py.

One JSON object a line: `{"dag_id", "environment", "conf"}` in; `{"state", "tasks", "events", "log"}` out; or
`{"lineage": true}` in; DAG → names of the assets that its tasks read, and of those that they write, out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def main(dags: str) -> None:
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.utils.db import initdb

    # Airflow writes its log to the standard output; nothing of it may come among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    initdb()
    bag = BundleDagBag(dag_folder=dags, bundle_path=Path(dags), bundle_name="dags-folder", load_op_links=False)
    for dag in bag.dags.values():
        for task in dag.tasks:
            task.retries = 0
    for line in sys.stdin:
        asked = json.loads(line)
        answer = find_lineage(bag.dags) if asked.pop("lineage", False) else run(bag.dags, **asked)
        print(json.dumps(answer), file=answers, flush=True)


def run(
    dags: dict[str, Any], *, dag_id: str, environment: dict[str, str], conf: dict[str, Any] | None = None
) -> dict[str, Any]:
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    os.environ.update(environment)
    stats.initialize(factory=get_stats_factory(), export_legacy_names=False)  # as each task's process begins
    with tempfile.TemporaryFile("w+") as log:
        kept = os.dup(1), os.dup(2)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            result = dags[dag_id].test(run_conf=conf)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
        log.seek(0)
        return {"state": str(result.state), **look_up(result.run_id), "log": log.read()}


def find_lineage(dags: dict[str, Any]) -> dict[str, list[list[str]]]:
    def names(dag: Any, side: str) -> list[str]:
        return sorted({asset.name for task in dag.tasks for asset in getattr(task, side)})

    return {dag_id: [names(dag, "inlets"), names(dag, "outlets")] for dag_id, dag in dags.items()}


def look_up(run_id: str) -> dict[str, Any]:
    from airflow.models.asset import AssetEvent
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        tasks = session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id))
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id))
        return {
            "tasks": [
                {"task_id": t.task_id, "map_index": t.map_index, "state": str(t.state), "label": t.rendered_map_index}
                for t in tasks
            ],
            "events": [{"asset": event.asset.name, "extra": event.extra} for event in events],
        }


if __name__ == "__main__":
    main(sys.argv[1])
