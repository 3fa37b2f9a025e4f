"""The DAGs with a bucket: the client comes from the connection, and what is dead costs its own task alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user
from tests.dags.conftest import RunDag
from tests.fakes.object_store import ObjectStore, refuse
from tests.fakes.webhooks import Webhooks, busy
from tests.live import connections_to, uploads_to
from tests.store.test_archive import lines

WEEKLY = "insights_weekly_report"
WEEK = {"since": "2026-11-15", "until": "2026-11-21", "reader": "offline"}


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    with Webhooks(*[busy(0.01)] * 13) as opened:
        yield opened


def states(run: dict[str, Any]) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in run["tasks"]}


def test_bucket_and_channel_are_those_of_the_connections_and_a_dead_one_fails_its_own_task_after_its_retries(
    run_dag: RunDag, object_store: ObjectStore, webhooks: Webhooks, connection: Connection, tmp_path: Path
) -> None:
    object_store.make_bucket("team")
    records = transcript(user("hi"), assistant(), start=datetime(2026, 11, 17, 12, tzinfo=UTC), session_id="there-1")
    object_store.put("team", "projects/-p/there-1.jsonl", lines(records))
    settings = {
        "AIRFLOW_CONN_SESSION_INSIGHTS_S3": uploads_to(object_store)["AIRFLOW_CONN_SESSION_INSIGHTS_S3"],
        "AWS_MAX_ATTEMPTS": "1",
        "SESSION_INSIGHTS_SOURCES": "desk=s3://team/projects",
        "SESSION_INSIGHTS_ARCHIVE": "s3://team/archive",
        "SESSION_INSIGHTS_REPORTS_DIR": str(tmp_path / "reports"),
    }
    for dag_id in ("insights_session_sync", "insights_setup"):
        assert set(states(run_dag(dag_id, settings)).values()) == {"success"}
    assert execute(connection, "select id, machine from insights.claude_sessions") == [
        {"id": "there-1", "machine": "desk"}
    ]
    assert len([key for key in object_store.keys("team") if key.startswith("archive/")]) == 2

    nowhere = run_dag(WEEKLY, settings, WEEK)
    assert (nowhere["state"], states(nowhere)["upload_report"]) == ("success", "skipped")

    def report(where: str, **more: str) -> dict[str, Any]:
        # The snapshot has its figures from the run before.
        more["SESSION_INSIGHTS_REPORTS_UPLOAD"] = where
        return run_dag(WEEKLY, settings | more, WEEK, known="refresh_figures", retries=2)

    assert states(report("s3://team/pages"))["upload_report"] == "success"
    pages = [key for key in object_store.keys("team") if key.startswith("pages/")]
    assert [Path(page).suffix for page in pages] == [".html", ".md"]
    for page in pages:
        assert object_store.get("team", page) == (tmp_path / "reports" / Path(page).name).read_bytes()

    # A bucket that is not there is not there at the next try either.
    assert failed_in(report("s3://gone/pages")) == {"upload_report": 1, "delivered": 0}
    with object_store.fault("PUT", "/down/", refuse("503 Slow Down", "SlowDown")):
        assert failed_in(report("s3://down/pages")) == {"upload_report": 3, "delivered": 0}
    slack = {"AIRFLOW_CONN_SLACK_DEFAULT": connections_to(webhooks)["AIRFLOW_CONN_SLACK_DEFAULT"]}
    assert failed_in(report("s3://team/pages", **slack)) == {"notify": 3, "delivered": 0}
    # Each try of the task posts four times; then the failure is told.
    assert (len(webhooks.posted), webhooks.accepted) == (3 * 4 + 1, [])


def failed_in(run: dict[str, Any]) -> dict[str, int]:
    """The tasks that did not succeed, and how often each was tried."""
    assert run["state"] == "failed"
    return {task["task_id"]: task["try_number"] for task in run["tasks"] if task["state"] != "success"}
