"""Whether everything works, and what to do where it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from session_insights.dashboard.health import build_checks, mask_path
from session_insights.facets import judged
from session_insights.settings import Settings
from session_insights.store.database import Connection, execute
from session_insights.store.spending import Spending
from tests.building import assistant, transcript, user, write_transcript
from tests.dashboard.pages.building import add_session
from tests.helpers import sync_folder

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
COUNTS = {
    "unread_count": 3,
    "changed_count": 1,
    "given_up_count": 0,
    "archived_count": 2,
    "stored_bytes": 1_500_000,
    "size_bytes": 9_000_000,
    "open_batch_count": 0,
    "oldest_batch_at": None,
    "undelivered_count": 0,
    "uncertain_count": 0,
}
SOURCE = {"machine": "laptop", "failed_count": 0, "last_read_at": NOW, "newest_file_at": NOW}
LITTLE = Spending(0.1, 1.0, 0)
CALM = Settings(archive=Path("/archive"))


def remedies(
    counts: dict[str, object] | None = None,
    source: dict[str, object] | None = None,
    spending: Spending = LITTLE,
    settings: Settings = CALM,
    failure_count: int = 0,
) -> list[str]:
    checks = build_checks(
        COUNTS | (counts or {}),
        [SOURCE | (source or {})],
        spending,
        settings,
        failure_count=failure_count,
        anomaly_count=0,
        now=NOW,
    )
    return [check.label for check in checks if check.remedy]


def test_nothing_is_to_be_done_where_everything_works() -> None:
    assert remedies() == []


def test_each_trouble_says_what_to_do() -> None:
    assert remedies(source={"last_read_at": NOW - timedelta(hours=3)}) == ["Sync"]
    assert remedies(source={"failed_count": 1}) == ["Sync"]
    assert remedies(source={"newest_file_at": NOW - timedelta(days=4)}) == ["Source laptop"]
    assert remedies(spending=Spending(5.0, 10.0, 0)) == ["Spent today"]
    assert remedies(spending=Spending(0.0, 50.0, 0)) == ["Spent this month"]
    assert remedies(settings=Settings(archive=None)) == ["Archive"]
    assert remedies({"open_batch_count": 1, "oldest_batch_at": NOW - timedelta(days=2)}) == ["Batches"]
    assert remedies({"undelivered_count": 1}) == ["Messages"]
    assert remedies({"unread_count": 500}) == ["Queue"]
    assert remedies(failure_count=1) == ["Failures"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/home/alex/.claude/projects/-home-alex-work/a.jsonl", "~/.claude/projects/-home-…-work/a.jsonl"),
        ("/Users/Alex Smith/.claude/a.jsonl", "~ Smith/.claude/a.jsonl"),
        ("cannot read '/home/alex/a'", "cannot read '~/a'"),
        ("s3://bucket/prefix/a.jsonl", "s3://bucket/prefix/a.jsonl"),
    ],
)
def test_a_path_is_shown_without_the_account(text: str, masked: str) -> None:
    assert mask_path(text) == masked


def test_the_page_shows_failures_with_reasons_from_the_tables_alone(
    client: TestClient, connection: Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "projects" / "-home-alex-shop"
    write_transcript(folder / "11111111-2222-4333-8444-555555555555.jsonl", transcript(user("a"), assistant("b")))
    sync_folder(connection, tmp_path / "projects")
    add_session(connection, "s", title="<b>Order import</b>")
    execute(
        connection,
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_seconds) "
        "values ('s', 'failed', 'claude', 'm', 1, '', '', 'answer lacks <outcome>', 0, 0, 0, 0, 1)",
    )
    execute(
        connection,
        "insert into insights.transcript_files (machine, path, size_bytes, mtime_ns, state, error) "
        "values ('desk', '/home/robin/.claude/projects/x.jsonl', 1, 1, 'failed', 'no line of /home/robin/x is JSON')",
    )
    execute(
        connection,
        "insert into insights.anomalies (metric, window_start, window_end, value, baseline, session_count, "
        "explanation) values ('course_corrections', '2026-11-17', '2026-11-18', 4, 1, 9, 'four times <usual>')",
    )
    page = client.get("/health").text
    assert "answer lacks &lt;outcome&gt;" in page
    assert '<a href="/sessions/s">&lt;b&gt;Order import&lt;/b&gt;</a>' in page
    assert "~/.claude/projects/x.jsonl" in page
    assert "robin" not in page
    assert "four times &lt;usual&gt;" in page
    assert 'href="/sessions?since=2026-11-17"' in page


def test_an_empty_database_says_where_to_begin(client: TestClient) -> None:
    page = client.get("/health")
    assert page.status_code == 200
    assert "Run insights_session_sync" in page.text


def test_what_was_given_up_waits_no_more_until_it_is_asked_anew(client: TestClient, connection: Connection) -> None:
    version = judged.load_facet_prompt().version
    failed = (
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_seconds) "
        "select id, 'failed', 'claude', 'm', %(version)s, '', content_hash, 'no answer', 0, 0, 0, 0, 1 "
        "from insights.claude_sessions, generate_series(1, 3) where id = %(id)s"
    )
    for name in ("waits", "hopeless", "asked-before"):
        add_session(connection, name)
    execute(connection, failed, id="hopeless", version=version)
    execute(connection, failed, id="asked-before", version=version - 1)
    assert (
        "2 sessions not read yet, 0 to be read again because they changed; 1 given up after 3 tries"
        in client.get("/health").text
    )
