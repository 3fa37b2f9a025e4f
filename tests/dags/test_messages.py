"""What a running Airflow tells Slack and Discord, and that clearing, failing and running again tell nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from session_insights.store.database import connect, execute
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks, gone
from tests.live import Site

WEEKLY, EXTRACTION = "insights_weekly_report", "insights_facet_extraction"
CHANNELS = (SLACK_PATH, DISCORD_PATH)


def titled(webhooks: Webhooks, path: str, start: str) -> list[dict[str, Any]]:
    """Messages of one channel by the start of their title."""
    bodies = webhooks.bodies(path)
    return [body for body in bodies if str(body.get("text") or body["embeds"][0]["title"]).startswith(start)]


def state_of(site: Site, dag_id: str, run_id: str, task_id: str) -> tuple[str, int]:
    [task] = [task for task in site.tasks(dag_id, run_id) if task["task_id"] == task_id]
    return task["state"], task["try_number"]


def clear(site: Site, dag_id: str, run_id: str, *task_ids: str, expected: str = "success") -> None:
    body = {"dry_run": False, "dag_run_id": run_id, "task_ids": list(task_ids), "only_failed": False}
    site.ask(
        "POST", f"/dags/{dag_id}/clearTaskInstances", json={**body, "include_downstream": True, "reset_dag_runs": True}
    )
    site.wait(dag_id, run_id, expected=expected)


def test_a_dead_webhook_fails_its_own_task_and_once_it_lives_the_report_is_in_both_channels_once(
    site: Site, webhooks: Webhooks
) -> None:
    # Both channels of the task, then both of the callback that tells of it.
    webhooks.will(gone(), gone(), gone(), gone())
    body = {"logical_date": None, "conf": {"since": "2026-11-16", "until": "2026-11-18"}}
    run_id = site.ask("POST", f"/dags/{WEEKLY}/dagRuns", json=body)["dag_run_id"]
    site.wait(WEEKLY, run_id, expected="failed")
    # Gone is gone: no retry.
    assert state_of(site, WEEKLY, run_id, "notify") == ("failed", 1)
    assert state_of(site, WEEKLY, run_id, "publish_report")[0] == "success"
    clear(site, WEEKLY, run_id, "notify")
    assert site.returned(WEEKLY, run_id, "notify") == {"slack": "sent", "discord": "sent"}
    clear(site, WEEKLY, run_id, "notify")
    again = site.returned(WEEKLY, run_id, "notify")
    assert again == {"slack": "already sent", "discord": "already sent"}
    for path in CHANNELS:
        [body] = titled(webhooks, path, "Session Insights: 16 to 18 November")
        assert "3 sessions of yours" in str(body)


def test_a_task_that_fails_is_told_once_with_its_error(site: Site, webhooks: Webhooks) -> None:
    before = len(titled(webhooks, SLACK_PATH, f"Task failed: {EXTRACTION}"))
    body = {"logical_date": None, "conf": {"session_id": "nobody-at-all"}}
    run_id = site.ask("POST", f"/dags/{EXTRACTION}/dagRuns", json=body)["dag_run_id"]
    site.wait(EXTRACTION, run_id, expected="failed")
    told = titled(webhooks, SLACK_PATH, f"Task failed: {EXTRACTION}")[before:]
    [message] = [body for body in told if "nobody-at-all" in str(body)]
    text = str(message)
    assert "select_sessions, try 1" in text
    assert "session nobody-at-all: not known" in text
    assert run_id in text
    assert "Open the log" in text

    # Alerts ran all the same, and the run stays failed.
    for task_id in ("detect_anomalies", "send_alerts"):
        assert state_of(site, EXTRACTION, run_id, task_id)[0] == "success"


def test_a_large_batch_is_told_once(site: Site, webhooks: Webhooks) -> None:
    run_id = site.first_run(EXTRACTION)
    clear(site, EXTRACTION, run_id, "send_alerts")
    told = [body for body in titled(webhooks, SLACK_PATH, "A large batch was read") if run_id in str(body)]
    assert len(told) == 1


def test_an_anomaly_reaches_the_channel_once(site: Site, webhooks: Webhooks) -> None:
    with connect(site.database_url) as connection:
        execute(
            connection,
            "insert into insights.anomalies (metric, window_start, window_end, value, baseline, session_count, "
            "explanation) values ('planted', current_date, current_date + 1, 3, 1, 9, 'Planted: 3 against 1')",
        )
    for _ in range(2):
        site.trigger(EXTRACTION, limit=1)
    for path in CHANNELS:
        [body] = [body for body in titled(webhooks, path, "Out of the ordinary") if "Planted" in str(body)]
    assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("secret", ["slacktoken", "discordtoken"])
def test_no_log_has_a_webhooks_token(site: Site, secret: str) -> None:
    logs = [path for path in (site.state_dir / "logs").rglob("*") if path.is_file()]
    tasks = [path for path in (site.state_dir / "airflow").rglob("*.log") if path.is_file()]
    assert [path for path in [*logs, *tasks] if secret in path.read_text(encoding="utf-8", errors="replace")] == []
