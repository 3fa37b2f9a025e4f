"""Two schedulers on one Airflow, and one of them killed while it works: nothing is read twice, nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from local.airflow import find_services
from local.processes import find_service
from session_insights.store.database import connect, execute

EXTRACTION = "insights_facet_extraction"
# Airflow calls a scheduler dead after 30 seconds, and looks for the tasks of dead ones every 5 minutes: in
# `local/airflow_environment.py` it is every 15 seconds.
TAKEN_UP_SECONDS = 30 + 15 + 15
pytestmark = pytest.mark.faults


def first_scheduler(site: Any) -> psutil.Process:
    [service] = [service for service in find_services(site.state_dir) if service.name == "airflow scheduler"]
    process = find_service(service)
    assert process is not None
    return process


@pytest.fixture(scope="module")
def second_scheduler(site: Any) -> Iterator[subprocess.Popen[bytes]]:
    """As the first was started, in a session of its own."""
    first = first_scheduler(site)
    log = site.state_dir / "logs" / "scheduler-2.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            first.cmdline(),
            env=first.environ(),
            cwd=first.cwd(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 90
    while living_schedulers(site) < 2:
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        assert process.poll() is None, log.read_text()[-2000:]
        time.sleep(0.5)
    yield process
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=60)


def living_schedulers(site: Any) -> int:
    answer = site.ask("GET", "/jobs", params={"job_type": "SchedulerJob", "job_state": "running", "is_alive": True})
    return int(answer["total_entries"])


def start_run(site: Any) -> str:
    body = {"logical_date": None, "conf": {"force": True}}
    return str(site.ask("POST", f"/dags/{EXTRACTION}/dagRuns", json=body)["dag_run_id"])


def attempts(site: Any, run_id: str) -> Counter[str]:
    with connect(site.database_url) as connection:
        rows = execute(
            connection, "select session_id from insights.facet_extractions where dag_run_id = %(run)s", run=run_id
        )
    return Counter(row["session_id"] for row in rows)


def facets(site: Any) -> list[dict[str, Any]]:
    with connect(site.database_url) as connection:
        return execute(
            connection,
            "select to_jsonb(f) - '{created_at,updated_at}'::text[] as facet from insights.session_facets as f"
            " order by session_id",
        )


def test_two_schedulers_read_each_session_once_a_run(site: Any, second_scheduler: subprocess.Popen[bytes]) -> None:
    before = facets(site)
    for _ in range(3):
        run_id = start_run(site)
        site.wait(EXTRACTION, run_id)
        assert attempts(site, run_id) == Counter(site.returned(EXTRACTION, run_id, "select_sessions"))
    assert facets(site) == before


def extractions(site: Any, run_id: str) -> dict[int, dict[str, Any]]:
    """The tasks that read a session each, by their number in the run."""
    tasks = [task for task in site.tasks(EXTRACTION, run_id) if task["task_id"] == "extract_facets"]
    return {task["map_index"]: task for task in tasks}


def family(process: psutil.Process) -> list[psutil.Process]:
    return [*process.children(recursive=True), process]


def stopped_while_reading(site: Any, run_id: str, scheduler: psutil.Process) -> set[int]:
    """Stop a scheduler with its tasks where it reads sessions; their numbers in the run, or none: then it goes on."""
    if not any(task["state"] == "running" for task in extractions(site, run_id).values()):
        return set()
    stopped = family(scheduler)
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    own = {process.pid for process in stopped}
    tasks = extractions(site, run_id).items()
    reading = {number for number, task in tasks if task["state"] == "running" and task["pid"] in own}
    for process in [] if reading else stopped:
        with suppress(psutil.NoSuchProcess):
            process.resume()
    return reading


def test_what_a_killed_scheduler_ran_is_taken_up_by_the_other_within_a_minute(
    site: Any, second_scheduler: subprocess.Popen[bytes]
) -> None:
    before = facets(site)
    first = first_scheduler(site)
    deadline = time.monotonic() + 180
    run_id = start_run(site)
    while not (lost := stopped_while_reading(site, run_id, first)):
        assert time.monotonic() < deadline, "the first scheduler ran no task"
        if site.ask("GET", f"/dags/{EXTRACTION}/dagRuns/{run_id}")["state"] == "success":
            run_id = start_run(site)  # the second one was quicker each time
    for process in family(first):
        process.kill()
    killed_at = time.monotonic()
    tried = {number: extractions(site, run_id)[number]["try_number"] for number in lost}
    while any(extractions(site, run_id)[number]["try_number"] == tried[number] for number in lost):
        assert time.monotonic() < killed_at + TAKEN_UP_SECONDS, site.tasks(EXTRACTION, run_id)
        time.sleep(0.5)
    taken_up = time.monotonic() - killed_at
    site.wait(EXTRACTION, run_id)
    over = time.monotonic() - killed_at
    print(f"one of two schedulers killed: its tasks taken up {taken_up:.0f} s later, its run over {over:.0f} s later")
    read = attempts(site, run_id)
    assert set(read) == set(site.returned(EXTRACTION, run_id, "select_sessions"))
    # Who had saved a reading and was killed before it could say so reads once more, and nobody else.
    assert sum(read.values()) <= len(read) + len(lost)
    assert facets(site) == before
