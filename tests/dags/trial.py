"""Runs a DAG when told to, in this process, and says what came of it. Started once by `airflow` in conftest.py.

One JSON object a line: what `run` takes goes in; `{"state", "tasks", "events", "log"}` comes out. Or
`{"lineage": true}` goes in; DAG → names of the assets that its tasks read, and of those that they write, comes out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any


def main(dags: str) -> None:
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.utils.db import initdb

    # Airflow writes its log to the standard output; nothing of it may come among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from session_insights.stages import backfill

    backfill._SETTLE_SECONDS = 0.2
    backfill._MOST_REQUESTS = 2
    initdb()
    bag = BundleDagBag(dag_folder=dags, bundle_path=Path(dags), bundle_name="dags-folder", load_op_links=False)
    own = dict(os.environ)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = find_lineage(bag.dags) if asked.pop("lineage", False) else run(bag.dags, own, **asked)
        print(json.dumps(answer), file=answers, flush=True)


def run(
    dags: dict[str, Any],
    own: dict[str, str],
    *,
    dag_id: str,
    environment: dict[str, str],
    conf: dict[str, Any],
    known: str | None,
    retries: int,
) -> dict[str, Any]:
    """One run.

    Args:
        own: This process's environment, to which `environment` is added for the run.
        conf: Said in full, because `dag.test` remembers what the run before was told.
        known: Tasks whose work is done already, by a pattern of their ids.
    """
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    os.environ.clear()
    os.environ.update(own | environment)
    stats.initialize(factory=get_stats_factory(), export_legacy_names=False)  # as each task's process begins
    for task in dags[dag_id].tasks:
        task.retries, task.retry_delay = retries, timedelta(0)
    with tempfile.TemporaryFile("w+") as log:
        kept = os.dup(1), os.dup(2)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            result = dags[dag_id].test(run_conf=conf, mark_success_pattern=known)
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
                {
                    "task_id": t.task_id,
                    "map_index": t.map_index,
                    "state": str(t.state),
                    "label": t.rendered_map_index,
                    "try_number": t.try_number,
                }
                for t in tasks
            ],
            "events": [{"asset": event.asset.name, "extra": event.extra} for event in events],
        }


if __name__ == "__main__":
    main(sys.argv[1])
