"""`session-insights report --notify`: the same summary and the same outbox, without Airflow."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from session_insights.cli import main
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks, gone

DAYS = ["--since", "2026-11-15", "--until", "2026-11-21"]


@pytest.fixture
def ready(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One session of hostile title, synced and read."""
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_DIR", str(tmp_path / "reports"))
    for name in ("ANTHROPIC_API_KEY", "SLACK_WEBHOOK_URL", "DISCORD_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    records = transcript(
        user("please draft the mail"),
        assistant("Here it is."),
        user("no, that's wrong, shorter"),
        assistant("Done."),
        start=datetime(2026, 11, 16, 15, 0, tzinfo=UTC),
        seconds=60,
    )
    write_transcript(tmp_path / "projects", records)
    assert main(["sync", "--source", str(tmp_path / "projects")]) == 0
    assert main(["extract"]) == 0


def test_a_report_is_posted_once_to_each_webhook(
    ready: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Webhooks() as webhooks:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", webhooks.url + SLACK_PATH)
        monkeypatch.setenv("DISCORD_WEBHOOK_URL", webhooks.url + DISCORD_PATH)
        for _ in range(2):
            assert main(["report", *DAYS, "--notify"]) == 0
    assert "slack: already sent" in capsys.readouterr().out
    [slack] = webhooks.bodies(SLACK_PATH)
    [discord] = webhooks.bodies(DISCORD_PATH)
    assert slack["text"] == "Session Insights: week of 15 to 21 November"
    assert "1 session of yours" in str(discord)
    assert "Read without a model" in str(slack)


def test_without_notify_nothing_is_posted(ready: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Webhooks() as webhooks:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", webhooks.url + SLACK_PATH)
        assert main(["report", *DAYS]) == 0
    assert webhooks.posted == []


def test_notify_without_a_webhook_says_which_variable_is_missing(
    ready: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *DAYS, "--notify"]) == 2
    assert "set SLACK_WEBHOOK_URL or DISCORD_WEBHOOK_URL" in capsys.readouterr().err


def test_a_dead_webhook_is_an_error_after_the_report_was_written(
    ready: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Webhooks(gone()) as webhooks:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", webhooks.url + SLACK_PATH)
        assert main(["report", *DAYS, "--notify"]) == 2
    assert "the webhook is gone" in capsys.readouterr().err
    assert (tmp_path / "reports" / "weekly-2026-11-15.html").exists()
