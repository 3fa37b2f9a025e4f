"""What somebody is asked before a summary is posted: the text as it goes out, and nothing else goes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from session_insights.errors import SettingsError
from session_insights.notifications.message import Field, Message, plain_line
from session_insights.notifications.posting import Channel
from session_insights.settings import Settings
from session_insights.stages import notifying, reporting
from session_insights.stages.approving import build_question, check_approved, show_message
from session_insights.store.database import Connection, execute
from session_insights.windows import Window
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks
from tests.helpers import read_folder, sample_profile
from tests.unit.notifications.test_hostile_text import HOSTILE, placed

PARSER = MarkdownIt("gfm-like", {"html": True})
PAGE = "https://airflow.example.com/insights/reports/1"


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as opened:
        yield opened


@pytest.fixture
def channels(webhooks: Webhooks) -> list[Channel]:
    return [Channel("slack", webhooks.url + SLACK_PATH), Channel("discord", webhooks.url + DISCORD_PATH)]


@pytest.fixture
def snapshot(connection: Connection, tmp_path: Path) -> dict[str, Any]:
    """A report with figures and text."""
    start = datetime(2026, 11, 17, 12, tzinfo=UTC)
    said = [user("draft the mail"), assistant(), user("thank you"), assistant()]
    write_transcript(tmp_path, transcript(*said, start=start))
    read_folder(connection, tmp_path)
    opened = reporting.open_snapshot(connection, "weekly", Window(date(2026, 11, 15), date(2026, 11, 22)))
    for name in reporting.aggregate_names("weekly"):
        reporting.refresh_figure(connection, opened, name)
    given: dict[str, Any] = {"settings": Settings(reader="offline"), "profile": sample_profile(), "claude": None}
    reporting.write_narrative(connection, opened, {}, **given)
    return opened


def ask(connection: Connection, snapshot: dict[str, Any], channels: list[Channel], *, revise: bool = False) -> Any:
    given: dict[str, Any] = {"profile": sample_profile(), "revise": revise, "report_page": PAGE}
    return build_question(connection, snapshot, channels, **given)


def post(
    connection: Connection,
    snapshot: dict[str, Any],
    channels: list[Channel],
    approved: str | None,
    *,
    revise: bool = False,
) -> None:
    given: dict[str, Any] = {"profile": sample_profile(), "revise": revise}
    check_approved(connection, snapshot, channels, approved=approved, **given)
    notifying.notify_report(connection, snapshot, channels, **given)


def change(connection: Connection) -> None:
    execute(
        connection,
        "update insights.insights_snapshots set narrative = jsonb_set(narrative, '{headline}', '\"Another headline\"')",
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_the_question_shows_the_lines_of_the_message_as_letters(text: str) -> None:
    tokens = [token for block in PARSER.parse(show_message(placed(text))) for token in [block, *(block.children or [])]]
    assert {token.type for token in tokens} <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "strong_open", "strong_close", "hardbreak"),
        *("text_special", "softbreak"),
    }
    shown = "".join(token.content for token in tokens if token.type in ("text", "text_special")).replace("\u200b", "")
    assert shown == plain_line(text) * 6


def test_each_line_of_the_message_stands_on_a_line_of_its_own() -> None:
    message = Message("Title", lines=("one", "two"), fields=(Field("Name", ("• three", "• four")),), footer="five")
    html = PARSER.render(show_message(message)).replace("<br />", "<br>")
    assert html == (
        "<p><strong>Title</strong></p>\n<p>one<br>\ntwo</p>\n"
        "<p><strong>Name</strong><br>\n• three<br>\n• four</p>\n<p>five</p>\n"
    )


def test_it_says_where_the_summary_would_go_and_links_the_whole_report(
    connection: Connection, snapshot: dict[str, Any], channels: list[Channel]
) -> None:
    question = ask(connection, snapshot, channels)
    assert question.subject == "Post to Slack and Discord? Session Insights: week of 15 to 21 November"
    assert "1 session of yours" in question.body
    assert question.body.endswith(f"[Read the whole report]({PAGE})")


def test_what_was_approved_is_posted_and_then_nothing_is_left_to_ask(
    connection: Connection, snapshot: dict[str, Any], channels: list[Channel], webhooks: Webhooks
) -> None:
    assert ask(connection, snapshot, []) is None
    post(connection, snapshot, channels[:1], ask(connection, snapshot, channels).digest)
    question = ask(connection, snapshot, channels)
    assert question.subject.startswith("Post to Discord?")
    post(connection, snapshot, channels, question.digest)
    assert ask(connection, snapshot, channels) is None
    post(connection, snapshot, channels, None)
    assert [len(webhooks.bodies(path)) for path in (SLACK_PATH, DISCORD_PATH)] == [1, 1]


def test_what_nobody_approved_or_what_has_changed_since_is_not_posted(
    connection: Connection, snapshot: dict[str, Any], channels: list[Channel], webhooks: Webhooks
) -> None:
    with pytest.raises(SettingsError, match=r"was approved by nobody.*clear the task 'approve'"):
        post(connection, snapshot, channels, None)
    approved = ask(connection, snapshot, channels).digest
    change(connection)
    with pytest.raises(SettingsError, match="has changed since it was approved"):
        post(connection, snapshot, channels, approved)
    assert webhooks.posted == []


def test_a_revision_is_asked_for_where_it_says_something_else(
    connection: Connection, snapshot: dict[str, Any], channels: list[Channel], webhooks: Webhooks
) -> None:
    post(connection, snapshot, channels, ask(connection, snapshot, channels).digest)
    assert ask(connection, snapshot, channels, revise=True) is None
    change(connection)
    assert ask(connection, snapshot, channels) is None
    question = ask(connection, snapshot, channels, revise=True)
    assert "Another headline" in question.body
    post(connection, snapshot, channels, question.digest, revise=True)
    assert [len(webhooks.bodies(path)) for path in (SLACK_PATH, DISCORD_PATH)] == [2, 2]
    assert ask(connection, snapshot, channels, revise=True) is None
