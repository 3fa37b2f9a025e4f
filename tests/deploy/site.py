"""The stack of docker-compose.yaml, running, with a client that is signed in: for tests and `benchmarks.workers`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.postgres import Cluster
from local.state import find_free_port
from session_insights.store.database import connect, execute
from tests.deploy.composed import Stack, load_services, make_env, program_folders, read_env

# Nothing runs by the clock, so nothing is in the way of what is asked for; no worker has more than a task at a time.
BY_HAND = {"AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False", "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1"}
PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")


@dataclass(frozen=True)
class Site:
    """A running stack, and a laptop that sends to it."""

    stack: Stack
    variables: dict[str, str]
    transcripts: Path
    client: httpx.Client  # signed in as the administrator
    database_url: str

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self.client.request(method, f"/api/v2{path}", **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def run(self, dag_id: str, *, longest_seconds: int = 240, **conf: Any) -> str:
        """Trigger a DAG and wait for its success; the run's id."""
        made = self.ask("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        return self.wait(dag_id, made["dag_run_id"], longest_seconds=longest_seconds)

    def wait(self, dag_id: str, run_id: str, *, longest_seconds: int = 240) -> str:
        deadline = time.monotonic() + longest_seconds
        while (state := self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]) not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{dag_id} {run_id} is still {state}"
            time.sleep(0.5)
        assert state == "success", f"{dag_id} {run_id}: {state}\n{self.stack.log('worker-1')[-2000:]}"
        return run_id

    def wait_until_idle(self) -> None:
        """Wait until no run of any DAG is under way."""
        waiting = {"state": ["queued", "running"], "limit": 1}
        while self.ask("GET", "/dags/~/dagRuns", params=waiting)["total_entries"]:
            time.sleep(1)

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task of a run returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.ask("GET", path, params={"deserialize": "true"})["value"]

    def query(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        with connect(self.database_url) as connection:
            return execute(connection, sql, **values)


def count_chunks(site: Site, run_id: str) -> dict[str, int]:
    """How many chunks of a sync each worker was given, as its own log says."""
    chunk = f"log_path='dag_id=insights_session_sync/run_id={run_id}/task_id=sync_sessions/"
    workers = [name for name in site.stack.running if name.startswith("worker-")]
    return {name: site.stack.log(name).count(chunk) for name in workers}


def sign_in(address: str, name: str, password: str) -> httpx.Client:
    login = {"username": name, "password": password}
    answer = httpx.post(f"{address}/auth/token", json=login, timeout=60, trust_env=False)
    assert answer.is_success, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False)


@contextmanager
def open_site(
    home: Path, cluster: Cluster, transcripts: Path, *, workers: Sequence[int], settings: Mapping[str, str]
) -> Iterator[Site]:
    """Start everything that Compose would, with these workers, and end it all.

    Args:
        home: Where containers' folders and logs are.
        transcripts: A folder a machine.
        settings: What every service's environment says otherwise.
    """
    make_env(home / ".env")
    made = read_env(home / ".env") | {
        "POSTGRES_PASSWORD": cluster.password,
        "TRANSCRIPTS_DIR": str(transcripts),
        "TRANSCRIPTS_MACHINE": "*",
        "SESSION_INSIGHTS_READER": "offline",
    }
    redis, api = find_free_port(16379), find_free_port(18080)
    ports = {"postgres": cluster.port, "redis": redis, "api-server": api}
    stack = Stack(load_services(made), home, ports, program_folders())
    for service in stack.services.values():
        service["environment"] |= settings
    try:
        stack.wait_until_healthy("postgres")
        stack.start("redis")
        stack.wait_until_healthy("redis")
        assert stack.start("init").wait(180) == 0, stack.log("init-1")[-3000:]
        for name in PARTS:
            stack.start(name)
        for number in workers:
            stack.start("worker", number)
        for name in PARTS:
            stack.wait_until_healthy(name)
        for number in workers:
            stack.wait_until_healthy("worker", number)
        address = f"http://127.0.0.1:{api}"
        with sign_in(address, made["AIRFLOW_ADMIN_USER"], made["AIRFLOW_ADMIN_PASSWORD"]) as client:
            deadline = time.monotonic() + 120
            while client.get("/api/v2/dags/insights_session_ended").status_code == 404:
                assert time.monotonic() < deadline, stack.log("dag-processor-1")[-3000:]
                time.sleep(1)
            yield Site(stack, made, transcripts, client, cluster.url("insights"))
    finally:
        stack.stop()
