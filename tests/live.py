"""One live Airflow for every test that asks for `site`: `make run` on transcripts of a fixed week, started once.

A plugin of pytest (see `tests/conftest.py`), so that every folder of tests has the same one. Its runs cost seconds:
what a process without Airflow proves as well belongs there.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import run
from local.airflow import find_services, start_processes
from local.airflow_environment import USER, build_site, load_password, load_port
from local.databases import open_databases
from local.postgres import find_postgres, remove_postgres
from local.processes import stop_services
from local.sources import choose_source
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.object_store import StoreClient, store_of_its_own
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks

GENUINE = Path(__file__).parent / "transcripts" / "v2.1.330" / "projects"
MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
# The same Airflow, with less waiting: between two looks of the scheduler, and for files that nobody changes.
HURRY = {
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
}
TITLES = {"one": "Draft the town hall mail", "two": "Fix the tour page", "three": "Compare two leases"}


@dataclass(frozen=True)
class Site:
    """A running Session Insights."""

    state_dir: Path
    environment: dict[str, str]
    exit_code: int
    database_url: str
    client: httpx.Client  # signed in
    first_runs: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """For a browser; `USER` and `password` sign in."""
        return f"http://127.0.0.1:{load_port(self.state_dir)}"

    @property
    def password(self) -> str:
        return load_password(self.state_dir)

    def restart(self, *names: str, **settings: str) -> None:
        """End some of Airflow's processes (`scheduler`, …) and start them again, with more settings."""
        environment = self.environment | settings
        now = datetime.now(UTC)
        source = choose_source(environment, home=Path(self.environment["HOME"]), state_dir=self.state_dir, now=now)
        databases = open_databases(self.state_dir, environment, source)
        port = load_port(self.state_dir)
        assert port is not None
        airflow = build_site(self.state_dir, environment, databases, source, port=port)
        services = [service for service in find_services(self.state_dir) if service.name.split()[1] in names]
        stop_services(services)
        start_processes(self.state_dir, airflow, names)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self.client.request(method, f"/api/v2{path}", **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def first_run(self, dag_id: str) -> str:
        """The run that `make run` waited for; looked up once, since clearing a run starts it anew."""
        if dag_id not in self.first_runs:
            runs = self.ask("GET", f"/dags/{dag_id}/dagRuns", params={"order_by": "start_date"})
            self.first_runs[dag_id] = str(runs["dag_runs"][0]["dag_run_id"])
        return self.first_runs[dag_id]

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Run a DAG to its end; the run's id."""
        made = self.ask("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        return self.wait(dag_id, made["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, *, expected: str = "success") -> str:
        deadline = time.monotonic() + 300
        while (state := self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]) not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{dag_id} {run_id} is still {state}"
            time.sleep(0.2)
        assert state == expected, f"{dag_id} {run_id}: {state}"
        return run_id

    def wait_for_quiet(self) -> None:
        """For runs that Airflow started by itself when the DAGs were let go."""
        deadline = time.monotonic() + 300
        while self.ask("GET", "/dags/~/dagRuns", params={"state": ["queued", "running"]})["total_entries"]:
            assert time.monotonic() < deadline
            time.sleep(0.5)

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params={"limit": 100})
        return list(answer["task_instances"])

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.ask("GET", path, params={"deserialize": "true"})["value"]


def write_week(root: Path) -> None:
    """Three sessions of a person, and the genuine ones of the newest version."""
    shutil.copytree(GENUINE, root)
    for day, (name, title) in enumerate(TITLES.items()):
        records = transcript(
            user(f"please {title.lower()}"),
            assistant("Here it is."),
            user("perfect, thank you!"),
            assistant("Gladly."),
            {"type": "ai-title", "aiTitle": title},
            session_id=name,
            cwd="/home/alex/work/indy-hall/events",
            start=MONDAY + timedelta(days=day),
            seconds=60,
        )
        write_transcript(root, records)


@pytest.fixture(scope="session")
def webhooks() -> Iterator[Webhooks]:
    """The Slack and the Discord that the site posts to."""
    with Webhooks() as opened:
        yield opened


def connections_to(webhooks: Webhooks) -> dict[str, str]:
    """Both connections as the README writes them."""
    slack_home, _, slack_token = SLACK_PATH.partition("/services/")
    slack = {"conn_type": "slackwebhook", "host": f"{webhooks.url}{slack_home}/services", "password": slack_token}
    endpoint = {"webhook_endpoint": DISCORD_PATH.removeprefix("/api/")}
    discord = {"conn_type": "discord", "host": f"{webhooks.url}/api/", "extra": endpoint}
    return {"AIRFLOW_CONN_SLACK_DEFAULT": json.dumps(slack), "AIRFLOW_CONN_DISCORD_DEFAULT": json.dumps(discord)}


@pytest.fixture(scope="session")
def bucket() -> Iterator[StoreClient]:
    """The store that the site uploads its reports to, into the bucket `reports`."""
    with store_of_its_own() as store:
        store.make_bucket("reports")
        yield store


def uploads_to(bucket: StoreClient) -> dict[str, str]:
    """Setting and connection."""
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": bucket.url, "region_name": "eu-central-1"},
    }
    return {
        "AIRFLOW_CONN_SESSION_INSIGHTS_S3": json.dumps(connection),
        "SESSION_INSIGHTS_REPORTS_UPLOAD": "s3://reports/insights",
    }


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, webhooks: Webhooks, bucket: StoreClient) -> Iterator[Site]:
    state_dir = tmp_path_factory.mktemp("state")
    projects = tmp_path_factory.mktemp("transcripts") / "projects"
    write_week(projects)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("home")),
        "SESSION_INSIGHTS_STATE_DIR": str(state_dir),
        "SESSION_INSIGHTS_SOURCES": f"laptop={projects}",
        "SESSION_INSIGHTS_QUIET_MINUTES": "0",
        "SESSION_INSIGHTS_LARGE_BATCH_SESSIONS": "3",
        "SESSION_INSIGHTS_BATCH_POLL_SECONDS": "1",
        **connections_to(webhooks),
        **uploads_to(bucket),
        **HURRY,
    }
    try:
        exit_code = run.start(state_dir, environment)
        cluster = find_postgres(state_dir)
        assert cluster is not None
        address = f"http://127.0.0.1:{load_port(state_dir)}"
        login = {"username": USER, "password": load_password(state_dir)}
        token = httpx.post(f"{address}/auth/token", json=login, trust_env=False).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
            yield Site(state_dir, environment, exit_code, cluster.url("insights"), client)
    finally:
        run.stop(state_dir)
        remove_postgres(state_dir)
