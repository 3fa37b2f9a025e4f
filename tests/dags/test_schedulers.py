"""Two schedulers on one Airflow, and one of them killed while it works: nothing is read twice, nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from local.airflow import find_services
from local.processes import find_service
from session_insights.store.database import connect, execute

EXTRACTION = "insights_facet_extraction"
# Airflow looks for tasks of a dead scheduler every 5 minutes, and calls one dead after as long; here sooner.
SOON = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
}
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
            env={**first.environ(), **SOON},
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
        read = attempts(site, run_id)
        assert len(read) == len(before)
        assert set(read.values()) == {1}
    assert facets(site) == before


def test_what_a_killed_scheduler_ran_is_run_again_by_the_other(
    site: Any, second_scheduler: subprocess.Popen[bytes]
) -> None:
    before = facets(site)
    first = first_scheduler(site)
    run_id = start_run(site)
    deadline = time.monotonic() + 60
    while not any(task["state"] == "running" for task in site.tasks(EXTRACTION, run_id)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    while (state := site.ask("GET", f"/dags/{EXTRACTION}/dagRuns/{run_id}")["state"]) not in ("success", "failed"):
        assert time.monotonic() < killed_at + 420, site.tasks(EXTRACTION, run_id)
        time.sleep(1)
    print(f"one of two schedulers killed: its run was over {time.monotonic() - killed_at:.0f} s later")
    assert state == "success"
    read = attempts(site, run_id)
    assert len(read) == len(before)
    # A task that had saved its reading and was killed before it could say so reads once more.
    assert max(read.values()) <= 2
    assert facets(site) == before
