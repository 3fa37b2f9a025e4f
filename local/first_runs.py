"""The way of a record once, through Airflow: sync, then facets, then the weekly report, each waited for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.airflow import check_airflow
from local.airflow_api import FINISHED, AirflowApi
from local.airflow_environment import AirflowSite
from local.processes import read_tail
from local.progress import Step
from local.state import LocalError

SYNC, EXTRACTION, WEEKLY = "insights_session_sync", "insights_facet_extraction", "insights_weekly_report"
# A mapped task a session costs about a second: enough of them to look at, the history goes by one command.
NEWEST_SESSIONS = 20
HISTORY_SESSIONS = 1000
RUN_SECONDS = 3600


def run_dag(state_dir: Path, site: AirflowSite, api: AirflowApi, dag_id: str, conf: dict[str, Any]) -> str:
    """Trigger a DAG, let it go, wait for the run; returns the run's id.

    Raises:
        LocalError: The run failed; the message names the tasks and the end of their logs.
    """
    with Step(dag_id) as step:
        # Asked for before the DAG is let go: the schedule's own run, which that starts, then comes after ours.
        run_id = api.trigger(dag_id, conf)
        api.pause(dag_id, paused=False)
        deadline = time.monotonic() + RUN_SECONDS
        while (state := api.load_run_state(dag_id, run_id)) not in {"success", "failed"}:
            check_airflow(state_dir)
            if time.monotonic() > deadline:
                raise LocalError(f"{dag_id} is still {state} after {RUN_SECONDS} s; see {site.url}/dags/{dag_id}")
            step.update(f"{state}, {describe_tasks(api.load_tasks(dag_id, run_id))}")
            time.sleep(0.5)
        tasks = api.load_tasks(dag_id, run_id)
        step.finish(describe_tasks(tasks))
        if state == "failed":
            raise LocalError(describe_failure(site.home / "logs", dag_id, run_id, tasks))
    return run_id


def read_history(api: AirflowApi, command_environment: Mapping[str, str]) -> dict[str, int]:
    """Read the sessions that the first run left, by command; returns how many were read and how many failed."""
    total: Counter[str] = Counter()
    # Two readers at once would read, and pay for, the same sessions twice.
    api.pause(EXTRACTION, paused=True)
    try:
        for _ in range(10):
            answer = run_command(["extract", "--limit", str(HISTORY_SESSIONS), "--json"], command_environment)
            total.update({"read": int(answer.get("read", 0)), "failed": int(answer.get("failed", 0))})
            if int(answer.get("read", 0)) + int(answer.get("failed", 0)) < HISTORY_SESSIONS:
                break
    finally:
        api.pause(EXTRACTION, paused=False)
    return dict(total)


def run_command(arguments: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run `session-insights … --json`; its progress goes to this terminal, its answer is returned."""
    program = Path(sys.executable).parent / "session-insights"
    if not program.exists():
        raise LocalError(f"{program} is missing: run `make install`")
    done = subprocess.run(
        [str(program), *arguments], env=dict(environment), stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {}
    # One session that cannot be read makes it end with 1, and still answers.
    if done.returncode != 0 and not answer:
        raise LocalError(
            f"`session-insights {' '.join(arguments)}` ended with code {done.returncode}: {done.stdout[-500:]}"
        )
    return answer


def describe_tasks(tasks: list[dict[str, Any]]) -> str:
    """Count the tasks of a run: `7 of 12 tasks done, 1 failed`."""
    states = Counter(task["state"] for task in tasks)
    done = sum(count for state, count in states.items() if state in FINISHED)
    failed = states["failed"] + states["upstream_failed"]
    return f"{done} of {len(tasks)} tasks done" + (f", {failed} failed" if failed else "")


def describe_failure(log_dir: Path, dag_id: str, run_id: str, tasks: list[dict[str, Any]]) -> str:
    """Name the failed tasks of a run and show what the first of them said last."""
    failed = [task for task in tasks if task["state"] == "failed"]
    if not failed:
        return f"{dag_id} failed in run {run_id} without a failed task; see the scheduler's log"
    names = ", ".join(sorted({task["task_id"] for task in failed}))
    first = failed[0]
    folder = log_dir / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={first['task_id']}"
    if first["map_index"] >= 0:
        folder /= f"map_index={first['map_index']}"
    log = folder / f"attempt={first['try_number']}.log"
    lines = "\n".join(_read_event(line) for line in read_tail(log).splitlines())
    return f"{dag_id} failed in {names}. The last lines of {log}:\n{lines}"


def _read_event(line: str) -> str:
    """Cut a line of a task's log, one JSON object, down to what it says."""
    try:
        entry = json.loads(line)
        errors = "; ".join(f"{each['exc_type']}: {each['exc_value']}" for each in entry.get("error_detail") or [])
        return f"{entry.get('event', line)} {errors}".strip()
    except (ValueError, AttributeError, KeyError, TypeError):
        return line
