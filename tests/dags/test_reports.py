"""Weeks and months, backfilled by Airflow itself while tasks are killed: each delivered once, to the byte.

`tests/integration/test_report_killed.py` kills every task at every step; here it is Airflow that notices and retries.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import psutil
import pytest

from session_insights.settings import Settings
from session_insights.stages import reporting
from session_insights.store.database import Connection, connect, execute
from session_insights.windows import Period, Window, month_of
from tests.fakes.object_store import StoreClient
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Posted, Webhooks
from tests.helpers import read_folder, sample_profile
from tests.integration.corpus import make_corpus
from tests.live import Site

DAGS: dict[Period, str] = {"weekly": "insights_weekly_report", "monthly": "insights_monthly_deep_dive"}
Windows = dict[Period, list[Window]]


def windows_of(first_sunday: date, weeks: int, months: Iterable[int]) -> Windows:
    sundays = [first_sunday + timedelta(weeks=number) for number in range(weeks)]
    return {
        "weekly": [Window(sunday, sunday + timedelta(weeks=1)) for sunday in sundays],
        "monthly": [month_of(date(2026, month, 1)) for month in months],
    }


# The clocks of Philadelphia went back on 1 November. October was reported when the DAG was let go.
FEW = windows_of(date(2026, 10, 25), 2, [9])
MANY = windows_of(date(2026, 7, 26), 12, [6, 7, 8])
BOTH = [SLACK_PATH, DISCORD_PATH]
SECONDS = 1_800  # on a machine that is busy


@pytest.fixture(scope="module")
def history(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Half a year of sessions, beside those that Airflow syncs."""
    projects = make_corpus(tmp_path_factory.mktemp("history"), seed=11, sessions=200, megabytes=4) / "projects"
    with connect(site.database_url) as connection:
        read_folder(connection, projects)


class Reaper:
    """Kills the process of a running task, once a kind in each run, and clears it as a person does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.killed: set[tuple[str, str]] = set()

    def go_round(self, dag_id: str, run_ids: list[str]) -> None:
        # `notify` is killed at its worst moment, by `killed_while_posting`.
        params = {"state": ["running", "up_for_retry"], "limit": 100}
        for task in self.site.ask("GET", f"/dags/{dag_id}/dagRuns/~/taskInstances", params=params)["task_instances"]:
            name = (task["dag_run_id"], task["task_id"].partition(".")[0])  # one figure stands for all
            if task["dag_run_id"] not in run_ids or task["task_id"] == "notify":
                continue
            if task["state"] == "up_for_retry":
                self.clear(task)
            elif name not in self.killed and kill_task(task["id"]):
                self.killed.add(name)

    def clear(self, task: dict[str, Any]) -> None:
        body = {"dry_run": False, "dag_run_id": task["dag_run_id"], "task_ids": [task["task_id"]]}
        body |= {"only_failed": False, "reset_dag_runs": True}
        self.site.ask("POST", f"/dags/{task['dag_id']}/clearTaskInstances", json=body)


def kill_task(task_instance_id: str) -> bool:
    """Kill what runs a task instance, not the worker that watches it; False where it is not there yet, or has ended."""
    for worker in psutil.process_iter(["cmdline"]):
        with suppress(psutil.Error):
            if task_instance_id in " ".join(worker.info["cmdline"] or []) and (children := worker.children()):
                children[0].kill()
                return True
    return False


@contextmanager
def killed_while_posting(webhooks: Webhooks, path: str) -> Iterator[list[int]]:
    """The first task that posts a report there dies when its message has arrived, before it hears so."""
    killed: list[int] = []
    one_by_one = Lock()  # the weekly and the monthly report may arrive together

    def kill(posted: Posted) -> None:
        if not posted.path.startswith(path) or not is_report(posted.body):
            return
        with one_by_one:
            for line in [] if killed else psutil.net_connections("tcp"):
                if line.laddr and line.laddr.port == posted.sender_port and line.pid:
                    killed.append(line.pid)
                    psutil.Process(line.pid).kill()

    webhooks.on_post = kill
    try:
        yield killed
    finally:
        webhooks.on_post = None


def backfill(site: Site, dag_id: str, first: date, last: date) -> list[str]:
    """What the button in the UI asks for; the ids of its runs."""
    from_date, to_date = f"{first}T00:00:00Z", f"{last}T23:00:00Z"
    body = {"dag_id": dag_id, "from_date": from_date, "to_date": to_date}
    # One after the other, oldest first: each looks back at the one before.
    body |= {"max_active_runs": 1, "run_backwards": False, "reprocess_behavior": "none"}
    started = time.monotonic()
    while any(not one["completed_at"] for one in site.ask("GET", "/backfills", params={"dag_id": dag_id})["backfills"]):
        assert time.monotonic() - started < 120, "Airflow takes up to half a minute to see that an earlier one is done"
        time.sleep(0.5)
    site.ask("POST", "/backfills", json=body)
    own = {"run_type": "backfill", "logical_date_gte": from_date, "logical_date_lte": to_date}
    listed = site.ask("GET", f"/dags/{dag_id}/dagRuns", params=own)
    return sorted(run["dag_run_id"] for run in listed["dag_runs"])


def recompute(connection: Connection, period: Period, window: Window) -> tuple[str, str]:
    """Figures and text of a report as an undisturbed run makes them; nothing stays."""
    given: dict[str, Any] = {"settings": Settings(reader="offline"), "profile": sample_profile(), "claude": None}
    with connection.transaction(force_rollback=True):
        connection.execute(
            "delete from insights.insights_snapshots where period_type = %s and period_start = %s",
            [period, window.start],
        )
        snapshot = reporting.open_snapshot(connection, period, window)
        for name in reporting.aggregate_names(period):
            reporting.refresh_figure(connection, snapshot, name)
        reporting.write_narrative(connection, snapshot, {}, **given)
        return load_snapshot(connection, period, window)


def load_snapshot(connection: Connection, period: Period, window: Window) -> tuple[str, str]:
    [row] = execute(
        connection,
        "select metrics::text, narrative::text from insights.insights_snapshots "
        "where period_type = %(period)s and period_start = %(start)s and period_end = %(end)s",
        period=period,
        start=window.start,
        end=window.end,
    )
    return row["metrics"], row["narrative"]


@pytest.mark.parametrize("wanted", [FEW, pytest.param(MANY, marks=pytest.mark.faults)], ids=["few", "many"])
def test_what_is_backfilled_while_tasks_are_killed_is_there_once_and_to_the_byte(
    site: Site, webhooks: Webhooks, bucket: StoreClient, history: None, wanted: Windows
) -> None:
    report_count = sum(map(len, wanted.values()))
    site.wait_for_quiet()
    posted_before = {path: len(reports_in(webhooks, path)) for path in BOTH}
    reaper = Reaper(site)
    started = time.monotonic()
    with killed_while_posting(webhooks, DISCORD_PATH) as killed:
        runs = {
            DAGS[period]: backfill(site, DAGS[period], windows[0].start, windows[-1].start)
            for period, windows in wanted.items()
        }
        assert [len(run_ids) for run_ids in runs.values()] == [len(windows) for windows in wanted.values()]
        waiting = {(dag_id, run_id) for dag_id, run_ids in runs.items() for run_id in run_ids}
        failed = set()
        while waiting:
            assert time.monotonic() - started < SECONDS, waiting
            for dag_id, run_ids in runs.items():
                reaper.go_round(dag_id, run_ids)
                listed = site.ask("GET", f"/dags/{dag_id}/dagRuns", params={"run_type": "backfill", "limit": 100})
                states = {run["dag_run_id"]: run["state"] for run in listed["dag_runs"]}
                failed |= {(dag_id, run_id) for run_id in run_ids if states[run_id] == "failed"}
                waiting -= {(dag_id, run_id) for run_id in run_ids if states[run_id] in ("success", "failed")}
            time.sleep(0.3)
    print(f"{time.monotonic() - started:.0f} s, killed {sorted(reaper.killed)}")
    assert len(killed) == 1
    assert len(reaper.killed) >= 3 * report_count  # of five kinds

    # The one that died while it posted is the only red one, and says what to do. The message is there.
    [(dag_id, run_id)] = failed
    assert {task["task_id"]: task["state"] for task in site.tasks(dag_id, run_id) if task["state"] != "success"} == {
        "notify": "failed",
        "delivered": "upstream_failed",
    }
    log = str(site.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/notify/logs/2"))
    assert "Look whether it is there: if so, mark this task as success." in log

    with connect(site.database_url) as connection:
        for period, windows in wanted.items():
            for window in windows:
                assert load_snapshot(connection, period, window) == recompute(connection, period, window), window
        states = execute(
            connection,
            "select state, count(*) as n from insights.notifications where dedupe_key = any(%(keys)s) group by 1",
            keys=[f"report:{p}:{w.start}:{w.last_day}" for p, windows in wanted.items() for w in windows],
        )
    assert {row["state"]: row["n"] for row in states} == {"sent": len(BOTH) * report_count - 1, "sending": 1}
    for path in BOTH:
        titles = reports_in(webhooks, path)[posted_before[path] :]
        assert len(titles) == len(set(titles)) == report_count, titles

    listed = bucket.client.list_objects_v2(Bucket="reports", Prefix="insights/")["Contents"]
    etags = {Path(found["Key"]).name: found["ETag"].strip('"') for found in listed}
    for period, windows in wanted.items():
        for window in windows:
            for ending in ("html", "md"):
                page = site.state_dir / "reports" / f"{period}-{window.start}.{ending}"
                body = page.read_bytes()
                assert bucket.get("reports", f"insights/{page.name}") == body
                assert etags[page.name] == hashlib.md5(body, usedforsecurity=False).hexdigest()

    # Somebody looks, sees it and marks the task as success; a whole run is cleared; and nothing is posted again.
    body = {"new_state": "success"}
    site.ask("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/notify", json=body)
    cleared = runs[DAGS["weekly"]][-1]  # another one: a message that may be there is never posted by itself
    site.ask("POST", f"/dags/{DAGS['weekly']}/dagRuns/{cleared}/clear", json={"dry_run": False, "only_failed": False})
    site.wait(dag_id, run_id)
    site.wait(DAGS["weekly"], cleared)
    assert [len(reports_in(webhooks, path)) - posted_before[path] for path in BOTH] == [report_count] * 2


def reports_in(webhooks: Webhooks, path: str) -> list[str]:
    """Their titles, oldest first."""
    return [title_of(body) for body in webhooks.bodies(path) if is_report(body)]


def is_report(body: dict[str, Any]) -> bool:
    return title_of(body).startswith("Session Insights: ")


def title_of(body: dict[str, Any]) -> str:
    return str(body.get("text") or body["embeds"][0]["title"])
