"""All DAGs of a new Airflow start at once; a report has nothing to say before the first sync."""

from __future__ import annotations

import pytest

from session_insights.store.database import Connection, execute
from tests.dags.conftest import Trial


@pytest.mark.parametrize("dag_id", ["insights_weekly_report", "insights_monthly_deep_dive"])
def test_before_the_first_session_a_report_is_skipped_and_leaves_nothing(
    trial: Trial, connection: Connection, dag_id: str
) -> None:
    run = trial(dag_id)
    assert run["state"] == "success"
    tasks = {task["task_id"]: task for task in run["tasks"]}
    assert tasks.pop("delivered")["state"] == "success"  # a task without work
    assert {task["state"] for task in tasks.values()} == {"skipped"}
    # The others are skipped with the first, and take no process.
    assert {name for name, task in tasks.items() if task["try_number"]} == {"open_snapshot", "notify"}
    assert "No session was read yet" in run["log"]
    assert execute(connection, "select 1 from insights.insights_snapshots") == []
