"""Airflow in one process, for what needs no scheduler: started once, it runs DAGs one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
RunDag = Callable[..., dict[str, Any]]
Trial = Callable[..., dict[str, Any]]
SYNC = "insights_session_sync"


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
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
def run_dag(airflow: subprocess.Popen[str], database_url: str) -> RunDag:
    """Run a DAG on the database of this test; `environment` has its settings and connections."""

    def run(
        dag_id: str,
        environment: dict[str, str],
        conf: dict[str, Any] | None = None,
        *,
        known: str | None = None,
        retries: int = 0,
    ) -> dict[str, Any]:
        told = {"SESSION_INSIGHTS_DATABASE_URL": database_url} | environment
        order = {"dag_id": dag_id, "environment": told, "conf": conf or {}, "known": known, "retries": retries}
        assert airflow.stdin is not None
        assert airflow.stdout is not None
        print(json.dumps(order), file=airflow.stdin, flush=True)
        line = airflow.stdout.readline()
        assert line, "Airflow ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / ".claude" / "projects"
    root.mkdir(parents=True)
    return root


@pytest.fixture
def trial(run_dag: RunDag, source: Path) -> Trial:
    """Run a DAG on a source of this test."""

    def run(dag_id: str = SYNC, conf: dict[str, Any] | None = None, **changed: str) -> dict[str, Any]:
        settings = {
            "SESSION_INSIGHTS_SOURCES": f"laptop={source}",
            "SESSION_INSIGHTS_PROFILE": str(ROOT / "include" / "profile.yaml"),
            "SESSION_INSIGHTS_ARCHIVE": "",
        }
        return run_dag(dag_id, settings | changed, conf)

    return run
