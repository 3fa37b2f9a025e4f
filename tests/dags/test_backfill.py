"""The backfill as Airflow runs it: mapped over batches, deferred while they are answered, cleared and started again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from session_insights.store.database import Connection
from tests.dags.conftest import RunDag
from tests.fakes.batches import expired
from tests.fakes.claude import FakeClaude
from tests.integration.backfilling import answering, asked, fill, read_by

BACKFILL = "insights_facet_backfill"
REAL = {"dry_run": False}


@pytest.fixture
def claude() -> Iterator[FakeClaude]:
    with answering() as fake:
        yield fake


@pytest.fixture
def backfill(run_dag: RunDag, claude: FakeClaude) -> Callable[[dict[str, Any]], dict[str, Any]]:
    connection = {"conn_type": "anthropic", "host": claude.url, "password": "sk-secret"}
    environment = {
        "AIRFLOW_CONN_ANTHROPIC_DEFAULT": json.dumps(connection),
        "SESSION_INSIGHTS_BATCH_POLL_SECONDS": "1",
    }
    return lambda conf: run_dag(BACKFILL, environment, conf)


def states(run: dict[str, Any], task_id: str) -> list[str]:
    return [task["state"] for task in run["tasks"] if task["task_id"].rpartition(".")[2] == task_id]


def test_a_run_sends_waits_without_a_worker_and_collects(
    connection: Connection, claude: FakeClaude, backfill: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    fill(connection, "one", "two", "three")
    claude.batches.seconds = 3
    dry, run, again = (backfill(conf) for conf in ({"dry_run": True}, REAL, REAL))
    assert (dry["state"], states(dry, "collect_batch")) == ("success", ["skipped"])
    assert (run["state"], states(run, "submit_batch")) == ("success", ["success"] * 2)
    waits = sorted(task["label"] for task in run["tasks"] if task["task_id"].endswith(".wait"))
    assert waits == ["msgbatch_0001", "msgbatch_0002"]
    assert (again["state"], states(again, "submit_batch")) == ("success", ["skipped"])
    assert asked(claude) == ["one", "three", "two"]
    assert len(read_by(connection)) == 3
    polls = [call for call in claude.calls if call == "GET /v1/messages/batches/msgbatch_0001"]
    assert len(polls) >= 3  # the trigger looked again and again


def test_a_session_that_cannot_be_read_fails_its_task_and_the_run_and_the_others_stay(
    connection: Connection, claude: FakeClaude, backfill: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    fill(connection, "one", "two", "three")
    claude.batches.answers = [expired()]
    failed, again = backfill(REAL), backfill(REAL)
    assert failed["state"] == "failed"
    assert sorted(states(failed, "collect_batch")) == ["failed", "success"]
    assert states(failed, "summarize") == ["failed"]
    assert again["state"] == "success"
    assert len(read_by(connection)) == 3
    assert len(asked(claude)) == 4
