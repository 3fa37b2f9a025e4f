"""Airflow's Connections → what the stages get; a missing or wrong one says which and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# In a process of its own: Airflow reads its settings when it is imported. A line is the environment of one answer.
SCRIPT = """
import json, os, sys
from airflow.utils.db import initdb
initdb()
from session_insights import bridge
from session_insights.errors import SettingsError
from session_insights.settings import load_settings
own = dict(os.environ)
for line in sys.stdin:
    os.environ.clear()
    os.environ.update(own | json.loads(line))
    try:
        print("ANSWER", bridge.find_database_url(load_settings()), bridge.find_claude(), flush=True)
    except SettingsError as error:
        print("ANSWER", error, flush=True)
"""
DATABASE = {"conn_type": "postgres", "host": "db", "port": 5433, "login": "app", "password": "p@ss/word", "schema": "x"}
CLAUDE = {"conn_type": "anthropic", "host": "http://gateway:8900", "password": "sk-secret"}


Ask = Callable[..., str]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """What the bridge finds with these connections and settings."""
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(Path(__file__).parent.parent.parent / "plugins"),
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=environment, stdin=pipe, stdout=pipe, text=True
    ) as bridge:
        assert bridge.stdin is not None
        assert bridge.stdout is not None

        def ask_once(**told: str | dict[str, object]) -> str:
            given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
            print(json.dumps(given), file=bridge.stdin, flush=True)
            for line in bridge.stdout or ():
                if line.startswith("ANSWER "):
                    return line.removeprefix("ANSWER ").rstrip("\n")
            raise AssertionError("Airflow ended")

        yield ask_once
        bridge.stdin.close()


def test_both_connections_become_plain_objects(ask: Ask) -> None:
    answer = ask(AIRFLOW_CONN_SESSION_INSIGHTS_DB=DATABASE, AIRFLOW_CONN_ANTHROPIC_DEFAULT=CLAUDE)
    assert answer.startswith("postgresql://app:p%40ss%2Fword@db:5433/x ")
    assert "http://gateway:8900" in answer
    assert "sk-secret" not in answer


def test_without_a_connection_the_setting_serves_and_claude_is_absent(ask: Ask) -> None:
    url = "postgresql://a:b@c:5432/d"
    assert ask(SESSION_INSIGHTS_DATABASE_URL=url) == f"{url} None"


def test_neither_connection_nor_setting_is_an_error_that_names_both(ask: Ask) -> None:
    answer = ask()
    assert "session_insights_db" in answer
    assert "SESSION_INSIGHTS_DATABASE_URL" in answer


def test_a_connection_of_another_type_is_refused_by_name(ask: Ask) -> None:
    answer = ask(AIRFLOW_CONN_SESSION_INSIGHTS_DB={**DATABASE, "conn_type": "mysql"})
    assert answer == "Connection 'session_insights_db' is of type 'mysql'; it must be postgres."


def test_a_claude_connection_without_a_key_is_refused_with_the_remedy(ask: Ask) -> None:
    claude = {"conn_type": "anthropic"}
    answer = ask(AIRFLOW_CONN_SESSION_INSIGHTS_DB=DATABASE, AIRFLOW_CONN_ANTHROPIC_DEFAULT=claude)
    assert answer == "Connection 'anthropic_default' has no password: put the API key there."
