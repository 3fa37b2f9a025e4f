"""A report that waits for a person: asked, answered by the call that the UI makes, restarted meanwhile, left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psutil
import psycopg
import pytest

from local.postgres import find_postgres
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks
from tests.live import Site

WEEKLY = "insights_weekly_report"
TITLE = "Session Insights: 17 to 19 November"
DAYS = {"since": "2026-11-17", "until": "2026-11-19"}


def wait_until(is_so: Any, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def has_approve(site: Site) -> bool:
    tasks = site.ask("GET", f"/dags/{WEEKLY}/tasks")["tasks"]
    return any(task["task_id"] == "approve" for task in tasks)


@pytest.fixture(scope="module")
def asking(site: Site) -> Iterator[Site]:
    """The site, with the setting; without it again afterwards."""
    site.wait_for_quiet()
    assert not has_approve(site)
    site.restart("scheduler", "dag-processor", SESSION_INSIGHTS_APPROVAL_HOURS="2")
    wait_until(lambda: has_approve(site))
    yield site
    site.restart("scheduler", "dag-processor")
    wait_until(lambda: not has_approve(site))


class Run:
    """One run, cleared again and again: a question needs no new figures."""

    def __init__(self, site: Site) -> None:
        self.site = site
        body = {"logical_date": None, "conf": DAYS}
        self.run_id = site.ask("POST", f"/dags/{WEEKLY}/dagRuns", json=body)["dag_run_id"]
        self.path = f"/dags/{WEEKLY}/dagRuns/{self.run_id}/taskInstances"

    def task(self, task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.site.ask("GET", f"{self.path}/{task_id}")
        return found

    def wait_for_question(self) -> dict[str, Any]:
        wait_until(lambda: self.task("approve")["state"] == "awaiting_input")
        # Airflow takes an answer for a fault, and asks again, that comes before it has noticed that the worker is done.
        wait_until(lambda: not is_at_work(self.task("approve")["id"]))
        time.sleep(2)
        question: dict[str, Any] = self.site.ask("GET", f"{self.path}/approve/-1/hitlDetails")
        return question

    def answer(self, option: str) -> None:
        body = {"chosen_options": [option], "params_input": {}}
        self.site.ask("PATCH", f"{self.path}/approve/-1/hitlDetails", json=body)

    def clear(self, task_id: str) -> None:
        body = {"dry_run": False, "dag_run_id": self.run_id, "task_ids": [task_id], "only_failed": False}
        body |= {"include_downstream": True, "reset_dag_runs": True}
        self.site.ask("POST", f"/dags/{WEEKLY}/clearTaskInstances", json=body)

    def end(self, expected: str = "success") -> dict[str, tuple[str, str | None]]:
        """State and label of the last tasks."""
        self.site.wait(WEEKLY, self.run_id, expected=expected)
        tasks = (self.task(name) for name in ("approve", "notify"))
        return {task["task_id"]: (task["state"], task["rendered_map_index"]) for task in tasks}


def is_at_work(task_instance_id: str) -> bool:
    """Whether some process still has to do with it, by its title."""
    titles = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return any(task_instance_id in " ".join(title) for title in titles)


def posted(webhooks: Webhooks) -> list[int]:
    """Of each channel, how often the report is there."""
    return [sum(TITLE in str(body) for body in webhooks.bodies(path)) for path in (SLACK_PATH, DISCORD_PATH)]


def let_time_pass(site: Site) -> None:
    """Two hours, for Airflow's table."""
    cluster = find_postgres(site.state_dir)
    assert cluster is not None
    with psycopg.connect(cluster.url("airflow"), autocommit=True) as airflow:
        airflow.execute(
            "update task_instance set trigger_timeout = trigger_timeout - interval '2 hours' "
            "where state = 'awaiting_input'"
        )


def test_nothing_is_posted_but_what_somebody_approved_and_that_once(asking: Site, webhooks: Webhooks) -> None:
    run = Run(asking)
    question = run.wait_for_question()
    assert question["subject"] == f"Post to Slack and Discord? {TITLE}"
    assert "sessions of yours" in question["body"]
    opened = asking.returned(WEEKLY, run.run_id, "open_snapshot")
    report = f"{asking.url}/insights/reports/{opened['snapshot_id']}"
    assert f"[Read the whole report]({report})" in question["body"]
    page = asking.client.get(report)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")

    # Nobody answers.
    let_time_pass(asking)
    assert run.end() == {"approve": ("success", "not answered in 2 hours: not posted"), "notify": ("skipped", None)}

    # Asked again, somebody says no; and clearing the post does not get around that.
    run.clear("approve")
    run.wait_for_question()
    run.answer("Reject")
    rejected = {"approve": ("success", "rejected by admin: not posted"), "notify": ("skipped", None)}
    assert run.end() == rejected
    run.clear("notify")
    assert run.end() == rejected

    # Nor does it to mark the question as success: nobody has approved the text.
    run.clear("approve")
    run.wait_for_question()
    asking.ask("PATCH", f"{run.path}/approve", json={"new_state": "success"})
    assert run.end("failed")["notify"] == (
        "failed",
        "The summary was approved by nobody, so it is not posted: clear the task 'approve' to be asked again.",
    )
    assert posted(webhooks) == [0, 0]

    # A question outlives the processes.
    run.clear("approve")
    run.wait_for_question()
    asking.restart("scheduler", "triggerer", SESSION_INSIGHTS_APPROVAL_HOURS="2")
    run.answer("Approve")
    assert run.end() == {
        "approve": ("success", "approved by admin"),
        "notify": ("success", "slack: sent, discord: sent"),
    }
    assert posted(webhooks) == [1, 1]

    # It is there: nobody is asked again.
    run.clear("approve")
    assert run.end()["approve"][0] == "skipped"
    assert run.end()["notify"] == ("success", "slack: already sent, discord: already sent")
    assert posted(webhooks) == [1, 1]
