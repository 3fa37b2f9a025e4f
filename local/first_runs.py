"""The way of a record once, through Airflow: sync, then facets, then the weekly report, each waited for."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from local.airflow import check_airflow
from local.airflow_api import FINISHED, AirflowApi
from local.airflow_environment import AirflowSite
from local.processes import read_tail
from local.progress import Step
from local.report_days import find_earlier_windows
from local.state import LocalError

SYNC, EXTRACTION, WEEKLY = "insights_session_sync", "insights_facet_extraction", "insights_weekly_report"
# A mapped task a session costs about a second: enough of them to look at, the history goes by one command.
NEWEST_SESSIONS = 20
HISTORY_SESSIONS = 100_000
# Read by Claude, the history goes by runs of this size, and no further than these many at a time.
ROUND_SESSIONS = 200
HISTORY_ROUNDS = 5
RUN_SECONDS = 3600
DUE_RUN_SECONDS = 20


class RunFailed(LocalError):
    """A run of a DAG ended with a failed task."""

    def __init__(self, message: str, run_id: str) -> None:
        """Keep which run it was."""
        super().__init__(message)
        self.run_id = run_id


def run_dag(state_dir: Path, site: AirflowSite, api: AirflowApi, dag_id: str, conf: dict[str, Any]) -> str:
    """Let a DAG go, wait for one run of it; returns the run's id.

    Raises:
        RunFailed: The message names the tasks and the end of a log.
    """
    with Step(dag_id) as step:
        run_id = _start_run(api, dag_id, conf)
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
            raise RunFailed(describe_failure(site.home / "logs", dag_id, run_id, tasks), run_id)
    return run_id


def find_report(api: AirflowApi, run_id: str) -> Path | None:
    """The page that a run of the weekly report has made; None where no session is known."""
    states = {task["task_id"]: task["state"] for task in api.load_tasks(WEEKLY, run_id)}
    if states["publish_report"] == "skipped":
        return None
    return Path(api.load_return_value(WEEKLY, run_id, "publish_report")["path"])


def _start_run(api: AirflowApi, dag_id: str, conf: dict[str, Any]) -> str:
    # A DAG that is let go for the first time runs its latest interval at once; another run would do the same again,
    # unless it is told something else.
    due_at = None if conf else api.find_due_run(dag_id)
    api.pause(dag_id, paused=False)
    deadline = time.monotonic() + DUE_RUN_SECONDS
    while due_at is not None and time.monotonic() < deadline:
        if (run_id := api.find_scheduled_run(dag_id, due_at)) is not None:
            return run_id
        time.sleep(0.2)
    return api.trigger(dag_id, conf)


def extract_facets(
    state_dir: Path, site: AirflowSite, api: AirflowApi, insights_url: str, told: Mapping[str, str]
) -> None:
    """Read the newest sessions through Airflow, then the history: by Claude in larger runs, by rules with one command.

    Raises:
        LocalError: A session could not be read.
    """
    problems: list[str] = []

    def run(limit: int) -> tuple[str, bool]:
        try:
            # The DAG's own limit needs no telling.
            conf = {} if limit == int(told.get("SESSION_INSIGHTS_FACET_LIMIT", NEWEST_SESSIONS)) else {"limit": limit}
            run_id = run_dag(state_dir, site, api, EXTRACTION, conf)
        except RunFailed as error:
            # A session that cannot be read must not keep the others from being read.
            problems.append(str(error))
            run_id = error.run_id
        return run_id, len(api.load_return_value(EXTRACTION, run_id, "select_sessions")) >= limit

    run_id, has_more = run(NEWEST_SESSIONS)
    if has_more and load_readers(insights_url, run_id) - {"offline"}:
        # Four tasks wait for Claude at once; a command would wait for one session after the other.
        for _ in range(HISTORY_ROUNDS):
            has_more = has_more and run(ROUND_SESSIONS)[1]
    elif has_more:
        problems += _read_history_by_rules(api, told)
    if problems:
        raise LocalError("\n".join(problems))


def _read_history_by_rules(api: AirflowApi, told: Mapping[str, str]) -> list[str]:
    with Step("History") as step:
        # Two readers at once would read the same sessions twice.
        api.pause(EXTRACTION, paused=True)
        try:
            command = ["extract", "--limit", str(HISTORY_SESSIONS), "--reader", "offline", "--json"]
            answer = run_command(command, told, step.update)
        finally:
            api.pause(EXTRACTION, paused=False)
        step.finish(f"{answer['ok_count']} more sessions read")
    failed = answer["failed_count"]
    return [f"{failed} sessions could not be read; insights.facet_extractions says why"] if failed else []


def make_earlier_reports(insights_url: str, told: Mapping[str, str]) -> None:
    """The reports before the newest ones, by rules, so that those say what became of advice and targets."""
    with Step("Earlier reports") as step:
        earlier = find_earlier_windows(insights_url, now=dt.datetime.now(dt.UTC))
        for period, window in earlier.items():
            days = ["--since", str(window.start), "--until", str(window.last_day)]
            run_command(["report", "--period", period, *days, "--reader", "offline", "--json"], told, step.update)
        step.finish(f"{len(earlier)} made")


def load_readers(insights_url: str, run_id: str) -> set[str]:
    """Return who read sessions in a run of Airflow's."""
    with psycopg.connect(insights_url, connect_timeout=10) as connection:
        rows = connection.execute(
            "select distinct reader from insights.facet_extractions where dag_run_id = %s", [run_id]
        ).fetchall()
    return {str(row[0]) for row in rows}


def run_command(arguments: list[str], environment: Mapping[str, str], update: Callable[[str], None]) -> dict[str, Any]:
    """Run `session-insights … --json`; `update` hears its progress, its answer is returned.

    Raises:
        LocalError: It gave no answer; the message is its own.
    """
    program = Path(sys.executable).parent / "session-insights"
    if not program.exists():
        raise LocalError(f"{program} is missing: run `make install`")
    said: deque[str] = deque(maxlen=20)
    # A file takes what a pipe would hold up while the progress is read.
    with tempfile.TemporaryFile("w+") as answer_file:
        process = subprocess.Popen(
            [str(program), *arguments], env=dict(environment), stdout=answer_file, stderr=subprocess.PIPE, text=True
        )
        with process:
            for line in process.stderr or ():
                said.append(line.rstrip())
                update(said[-1])
        answer_file.seek(0)
        text = answer_file.read()
    try:
        answer: dict[str, Any] = json.loads(text)
    except ValueError as error:
        name = f"`session-insights {arguments[0]}`"
        raise LocalError(f"{name} ended with code {process.returncode}:\n" + "\n".join(said)) from error
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
