"""Airflow for tests: the four real processes, started as `make run` starts them, on transcripts of a fixed week; and
one process that runs a DAG when told to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import run
from local.airflow_environment import USER, load_password, load_port
from local.postgres import find_postgres, remove_postgres
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks

ROOT = Path(__file__).parent.parent.parent
GENUINE = Path(__file__).parent.parent / "transcripts" / "v2.1.330" / "projects"
MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
TITLES = {"one": "Draft the town hall mail", "two": "Fix the tour page", "three": "Compare two leases"}
SYNC = "insights_session_sync"
Trial = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Site:
    """A running Session Insights."""

    state_dir: Path
    environment: dict[str, str]
    exit_code: int
    database_url: str
    client: httpx.Client
    first_runs: dict[str, str] = field(default_factory=dict)

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
        deadline = time.monotonic() + 180
        while (state := self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]) not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{dag_id} {run_id} is still {state}"
            time.sleep(0.3)
        assert state == expected, f"{dag_id} {run_id}: {state}"
        return run_id

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
def site(tmp_path_factory: pytest.TempPathFactory, webhooks: Webhooks) -> Iterator[Site]:
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


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    command = [sys.executable, str(Path(__file__).parent / "trial.py"), str(ROOT / "dags")]
    with (
        (home / "stderr").open("w") as errors,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as started,
    ):
        yield started
        assert started.stdin is not None
        started.stdin.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / ".claude" / "projects"
    root.mkdir(parents=True)
    return root


@pytest.fixture
def trial(process: subprocess.Popen[str], database_url: str, source: Path) -> Trial:
    """Run a DAG on a database and a source of this test."""

    def run(dag_id: str = SYNC, conf: dict[str, Any] | None = None, **changed: str) -> dict[str, Any]:
        settings = {
            "SESSION_INSIGHTS_DATABASE_URL": database_url,
            "SESSION_INSIGHTS_SOURCES": f"laptop={source}",
            "SESSION_INSIGHTS_PROFILE": str(ROOT / "include" / "profile.yaml"),
            "SESSION_INSIGHTS_ARCHIVE": "",
            "SESSION_INSIGHTS_STOPPED_DAYS": "3",
        }
        assert process.stdin is not None
        assert process.stdout is not None
        asked = {"dag_id": dag_id, "environment": settings | changed, "conf": conf}
        print(json.dumps(asked), file=process.stdin, flush=True)
        line = process.stdout.readline()
        assert line, "Airflow ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    return run
