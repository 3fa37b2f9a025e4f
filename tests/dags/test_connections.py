"""Airflow's Connections → what the stages get; a missing or wrong one says which and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own: Airflow reads its settings when it is imported.
SCRIPT = """
from airflow.utils.db import initdb
initdb()
from session_insights import bridge
from session_insights.errors import SettingsError
from session_insights.settings import load_settings
try:
    print("ANSWER", bridge.find_database_url(load_settings()), bridge.find_claude())
except SettingsError as error:
    print("ANSWER", error)
"""
DATABASE = {"conn_type": "postgres", "host": "db", "port": 5433, "login": "app", "password": "p@ss/word", "schema": "x"}
CLAUDE = {"conn_type": "anthropic", "host": "http://gateway:8900", "password": "sk-secret"}


def ask(home: Path, **connections: object) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(Path(__file__).parent.parent.parent / "plugins"),
    }
    for name, value in connections.items():
        environment[name] = value if isinstance(value, str) else json.dumps(value)
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert answers, done.stderr[-2000:]
    return answers[0].removeprefix("ANSWER ")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


def test_both_connections_become_plain_objects(home: Path) -> None:
    answer = ask(home, AIRFLOW_CONN_SESSION_INSIGHTS_DB=DATABASE, AIRFLOW_CONN_ANTHROPIC_DEFAULT=CLAUDE)
    assert answer.startswith("postgresql://app:p%40ss%2Fword@db:5433/x ")
    assert "http://gateway:8900" in answer
    assert "sk-secret" not in answer


def test_without_a_connection_the_setting_serves_and_claude_is_absent(home: Path) -> None:
    url = "postgresql://a:b@c:5432/d"
    assert ask(home, SESSION_INSIGHTS_DATABASE_URL=url) == f"{url} None"


def test_neither_connection_nor_setting_is_an_error_that_names_both(home: Path) -> None:
    answer = ask(home)
    assert "session_insights_db" in answer
    assert "SESSION_INSIGHTS_DATABASE_URL" in answer


def test_a_connection_of_another_type_is_refused_by_name(home: Path) -> None:
    answer = ask(home, AIRFLOW_CONN_SESSION_INSIGHTS_DB={**DATABASE, "conn_type": "mysql"})
    assert answer == "Connection 'session_insights_db' is of type 'mysql'; it must be postgres."


def test_a_claude_connection_without_a_key_is_refused_with_the_remedy(home: Path) -> None:
    claude = {"conn_type": "anthropic"}
    answer = ask(home, AIRFLOW_CONN_SESSION_INSIGHTS_DB=DATABASE, AIRFLOW_CONN_ANTHROPIC_DEFAULT=claude)
    assert answer == "Connection 'anthropic_default' has no password: put the API key there."
