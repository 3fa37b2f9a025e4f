"""What is deleted when it has grown old, and all that stays."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from session_insights import cli
from session_insights.errors import SettingsError
from session_insights.records import Facet, Reading
from session_insights.settings import Settings
from session_insights.stages import extraction, keeping, maintaining
from session_insights.store import transcripts
from session_insights.store.database import Connection, connect, execute
from session_insights.store.facets import load_session, save_reading
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import dump_tables, sample_profile, sync_folder

OLD, NEW = "aaaaaaaa-1111", "bbbbbbbb-2222"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = START + timedelta(days=100)
# What is counted and judged: each of these tables stays as it is, but for when it was written.
FIGURES = ("session_days", "session_facets", "session_messages", "facet_extractions", "transcript_files")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        archive=tmp_path / "archive",
        archive_days=30,
        entry_days=90,
        reports_dir=tmp_path / "reports",
        airflow_days=None,
    )


@pytest.fixture
def projects(connection: Connection, tmp_path: Path, settings: Settings) -> Path:
    """An old session that was read, with a judgement that cites its entry 2, and one of yesterday."""
    root = tmp_path / "projects"
    old = [user("the marmalade plan"), assistant("a quince instead"), user("fine, quince"), assistant("done")]
    old.append({"type": "ai-title", "aiTitle": "Breakfast"})
    write_transcript(root, transcript(*old, session_id=OLD, start=START, seconds=60))
    fresh = transcript(user("the marmalade again"), assistant("sure"), user("thanks"), session_id=NEW, start=NOW)
    write_transcript(root, fresh)
    sync_folder(connection, root, settings=settings)
    read(connection, OLD)
    return root


def read(connection: Connection, session_id: str) -> None:
    [row] = execute(connection, "select content_hash from insights.claude_sessions where id = %(id)s", id=session_id)
    facet = Facet(session_id=session_id, outcome="fully_achieved", evidence={"outcome": [2]})
    save_reading(
        connection,
        Reading(
            session_id=session_id,
            state="ok",
            reader="claude",
            model="m",
            prompt_version=1,
            prompt_hash="",
            content_hash=row["content_hash"],
            facet=facet,
        ),
    )


def texts(connection: Connection, session_id: str = OLD) -> list[str]:
    rows = execute(
        connection,
        "select text from insights.session_entries where session_id = %(id)s order by entry_no",
        id=session_id,
    )
    return [row["text"] for row in rows]


def figures(connection: Connection) -> list[Any]:
    """Sessions as they are counted, and the tables of figures."""
    sessions = execute(
        connection,
        "select to_jsonb(s) - array['synced_at', 'entries_deleted_at', 'entries_deleted_until'] as row "
        "from insights.claude_sessions as s order by id",
    )
    tables = dump_tables(connection)
    return [sessions, *(tables[name] for name in FIGURES)]


def found(connection: Connection, word: str) -> list[str]:
    rows = execute(
        connection,
        "select session_id from insights.session_search where words @@ plainto_tsquery('english', %(word)s) order by 1",
        word=word,
    )
    return [row["session_id"] for row in rows]


def delete(connection: Connection, settings: Settings, **more: Any) -> dict[str, Any]:
    return maintaining.delete_entries(connection, settings=settings, now=NOW, **more)


def test_old_text_goes_and_every_figure_facet_and_cited_entry_stays(
    connection: Connection, projects: Path, settings: Settings
) -> None:
    before, fresh = figures(connection), texts(connection, NEW)
    assert delete(connection, settings, dry_run=True)["session_count"] == 1
    assert "the marmalade plan" in texts(connection), "a dry run deletes nothing"
    done = delete(connection, settings)
    assert done["summary"] == "3 entries of 1 session deleted: older than 90 days."
    assert texts(connection) == ["", "a quince instead", "", ""]
    assert texts(connection, NEW) == fresh
    assert figures(connection) == before
    assert delete(connection, settings)["session_count"] == 0


def test_a_search_finds_a_deleted_text_no_more_and_a_cited_one_still(
    connection: Connection, projects: Path, settings: Settings
) -> None:
    assert found(connection, "marmalade") == [OLD, NEW]
    delete(connection, settings)
    assert found(connection, "marmalade") == [NEW]
    assert found(connection, "quince") == [OLD]


def test_no_setting_deletes_nothing(connection: Connection, projects: Path) -> None:
    before = dump_tables(connection) | {"data_versions": ""}
    settings = Settings(archive=projects.parent / "archive")
    for stage in (maintaining.delete_entries, maintaining.delete_archived, maintaining.clear_bookkeeping):
        stage(connection, settings=settings, now=NOW + timedelta(days=10_000))
    assert dump_tables(connection) | {"data_versions": ""} == before


def test_neither_a_sync_nor_the_archive_nor_a_new_time_zone_brings_deleted_text_back(
    connection: Connection, projects: Path, settings: Settings
) -> None:
    delete(connection, settings)
    before, left = figures(connection), texts(connection)
    assert sync_folder(connection, projects, settings=settings)["read_count"] == 0
    keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=1)
    assert texts(connection) == left
    assert found(connection, "marmalade") == [NEW]
    assert figures(connection)[:3] == before[:3]
    transcripts.recut_days(connection, time_zone="Asia/Tokyo")
    transcripts.recut_days(connection, time_zone=sample_profile().time_zone)
    assert figures(connection)[:3] == before[:3]


def due(connection: Connection, **params: Any) -> list[str]:
    options = {"settings": Settings(reader="offline"), "profile": sample_profile(), "claude": None}
    return [row.session_id for row in extraction.select_sessions(connection, params, **options)]


def test_a_session_without_its_text_is_never_read_again_whatever_changes(
    connection: Connection, projects: Path, settings: Settings
) -> None:
    assert OLD in due(connection, force=True)
    delete(connection, settings)
    assert OLD not in due(connection, force=True)
    with pytest.raises(SettingsError, match=rf"session {OLD}: its text was deleted on .* cannot be read again"):
        due(connection, session_id=OLD)
    options = {"settings": Settings(reader="offline"), "profile": sample_profile(), "claude": None}
    facet = dump_tables(connection)["session_facets"]
    with pytest.raises(SettingsError, match="its text was deleted"):
        extraction.extract_facets(connection, OLD, {}, **options)
    assert dump_tables(connection)["session_facets"] == facet


def test_a_session_that_goes_on_has_its_new_text_alone_and_is_read_again(
    connection: Connection, projects: Path, settings: Settings
) -> None:
    delete(connection, settings)
    path = next(projects.rglob(f"{OLD}.jsonl"))
    said = [user("marmalade after all", uuid="later-1"), assistant("ok", uuid="later-2")]
    later = transcript(*said, session_id=OLD, start=NOW, seconds=60)
    other = write_transcript(projects.parent / "later", later)
    path.write_text(path.read_text() + other.read_text())
    sync_folder(connection, projects, settings=settings)
    assert texts(connection) == ["", "a quince instead", "", "", "marmalade after all", "ok"]
    assert OLD in due(connection, force=True)
    seen = [entry.text for entry in load_session(connection, OLD).entries]
    assert seen == ["[deleted]", "a quince instead", "[deleted]", "[deleted]", "marmalade after all", "ok"]
    assert maintaining.delete_entries(connection, settings=settings, now=NOW + timedelta(days=91))["entry_count"] == 5


def test_a_run_killed_between_its_transactions_leaves_whole_ones_and_the_next_goes_on(
    connection: Connection, projects: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "cccccccc-3333"
    write_transcript(projects, transcript(user("old too"), assistant("yes"), session_id=other, start=START))
    sync_folder(connection, projects, settings=settings)
    monkeypatch.setattr(maintaining, "_SESSIONS", 1)
    real, calls = maintaining.store.delete_text, []

    def killed(*args: Any) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(maintaining.store, "delete_text", killed)
    with pytest.raises(KeyboardInterrupt):
        delete(connection, settings)
    rows = execute(connection, "select id from insights.claude_sessions where entries_deleted_at is not null")
    emptied = [session_id for session_id in (OLD, other) if "" in texts(connection, session_id)]
    assert [row["id"] for row in rows] == emptied
    assert len(emptied) == 1
    assert delete(connection, settings)["session_count"] == 1


def test_an_archived_file_goes_when_it_is_old_and_gone_from_its_source(
    connection: Connection, projects: Path, settings: Settings
) -> None:
    later = datetime.now(UTC) + timedelta(days=31)
    kept = maintaining.delete_archived(connection, settings=settings, now=later)
    assert kept["summary"] == "0 archived files (0.0 MB) deleted. 2 older ones kept: still at the source."
    next(projects.rglob(f"{OLD}.jsonl")).unlink()
    sync_folder(connection, projects, settings=settings)
    assert maintaining.delete_archived(connection, settings=settings)["file_count"] == 0, "not old yet"
    dry = maintaining.delete_archived(connection, settings=settings, now=later, dry_run=True)
    assert dry["summary"].startswith("1 archived file (0.0 MB) would be deleted.")
    assert settings.archive is not None
    assert len(list(Path(str(settings.archive)).rglob("*.zst"))) == 2
    assert maintaining.delete_archived(connection, settings=settings, now=later)["file_count"] == 1
    assert len(list(Path(str(settings.archive)).rglob("*.zst"))) == 1
    again = sync_folder(connection, projects, settings=settings)
    assert again["archived_count"] == 0
    assert len(texts(connection)) == 4, "what was read of it stays"


def test_bookkeeping_that_nothing_needs_goes_and_what_was_paid_or_posted_is_remembered(
    connection: Connection, projects: Path
) -> None:
    for state, tokens in (("dry_run", 0), ("skipped", 0), ("failed", 7), ("skipped", 5)):
        connection.execute(
            "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
            "content_hash, error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "
            "duration_seconds, attempted_at) values (%s, %s, 'claude', 'm', 1, '', '', 'e', %s, 0, 0, 0, 0, %s)",
            [OLD, state, tokens, START],
        )
    connection.execute(
        "insert into insights.facet_batches (id, model, prompt_version, prompt_hash, planned_at, collected_at) values "
        "('done', 'm', 1, '', %(at)s, %(at)s), ('open', 'm', 1, '', %(at)s, null)",
        {"at": START},
    )
    connection.execute(
        "insert into insights.notifications (channel, dedupe_key, payload, state, created_at, error) values "
        "('slack', 'a', '{\"text\": \"marmalade\"}', 'failed', %(at)s, 'gone')",
        {"at": START},
    )
    settings = Settings()
    dry = maintaining.clear_bookkeeping(connection, settings=settings, now=NOW, dry_run=True)
    done = maintaining.clear_bookkeeping(connection, settings=settings, now=NOW)
    assert dry["counts"] == done["counts"] == {"delete_attempts": 2, "delete_batches": 1, "empty_messages": 1}
    assert done["summary"].startswith("2 tries that sent nothing, 1 collected batch and 1 message never posted clear")
    left = execute(connection, "select state, input_tokens from insights.facet_extractions order by id")
    assert [(row["state"], row["input_tokens"]) for row in left] == [("ok", 0), ("failed", 7), ("skipped", 5)]
    assert execute(connection, "select id from insights.facet_batches") == [{"id": "open"}]
    assert execute(connection, "select dedupe_key, payload from insights.notifications") == [
        {"dedupe_key": "a", "payload": {}}
    ]
    again = maintaining.clear_bookkeeping(connection, settings=settings, now=NOW)
    assert again["summary"] == "Nothing cleared: older than 90 days."


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_leftovers_of_killed_processes_go_and_what_may_be_in_use_stays(
    temporary: Path, tmp_path: Path, settings: Settings
) -> None:
    archive = tmp_path / "archive" / "ab"
    for folder in (archive, settings.reports_dir):
        folder.mkdir(parents=True)
    old = [
        temporary / "session-insights-xy",
        archive / ".abc.tmp",
        settings.reports_dir / ".weekly-2026-11-15-abc.tmp",
    ]
    mine = [temporary / "session-insights-new", settings.reports_dir / ".notes.tmp", temporary / "other"]
    for path in [*old, *mine]:
        path.write_text("x")
    for path in [*old, *mine[1:]]:
        os.utime(path, (0, 0))
    (temporary / "session-insights-folder").mkdir()
    os.utime(temporary / "session-insights-folder", (0, 0))
    assert maintaining.delete_leftovers(settings=settings, dry_run=True)["file_count"] == 4
    assert all(path.exists() for path in old)
    assert maintaining.delete_leftovers(settings=settings)["summary"] == "4 leftovers deleted."
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in mine)


def test_a_bloated_table_is_vacuumed_by_its_owner_and_named_to_everybody_else(
    connection: Connection, database_url: str
) -> None:
    connection.execute(
        "insert into insights.purged_people (name) select 'n' || n from generate_series(1, 5000) as n; "
        "update insights.purged_people set purged_at = now()"
    )
    connection.execute("select pg_stat_force_next_flush()")
    dry = maintaining.vacuum_tables(connection, dry_run=True)
    assert dry["summary"] == "purged_people would be vacuumed."
    role = f"reader_{os.getpid()}"
    connection.execute(f"create role {role}; grant usage on schema insights to {role}")
    try:
        with connect(database_url) as other:
            other.execute(f"set role {role}")
            left = maintaining.vacuum_tables(other)
        assert left["vacuumed"] == []
        assert left["summary"] == ("warning: their owner should run vacuum (analyze) on insights.purged_people.")
    finally:
        connection.execute(f"drop owned by {role}; drop role {role}")
    assert maintaining.vacuum_tables(connection)["vacuumed"] == ["purged_people"]
    assert maintaining.vacuum_tables(connection)["summary"] == "No table needs a vacuum."


def test_a_sync_and_a_retention_side_by_side_wait_for_each_other(
    connection: Connection, database_url: str, projects: Path, settings: Settings
) -> None:
    with connect(database_url, statement_timeout_seconds=1) as other, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(7305103)")
        with pytest.raises(psycopg.errors.QueryCanceled):
            delete(other, settings)
    assert delete(connection, settings)["session_count"] == 1


def test_the_command_does_what_the_dag_does_and_a_dry_one_only_says_it(
    connection: Connection,
    database_url: str,
    projects: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    monkeypatch.setenv("SESSION_INSIGHTS_ENTRY_DAYS", "90")
    assert cli.main(["maintain", "--dry-run"]) == 0
    assert texts(connection)[0] == "the marmalade plan"
    assert cli.main(["maintain"]) == 0
    assert texts(connection) == ["", "a quince instead", "", ""]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("The text of ")
    assert said[5].endswith("deleted: older than 90 days.")
    assert said[6:] == [
        "Every archived file is kept.",
        "Nothing cleared: older than 90 days.",
        "0 leftovers deleted.",
        "No table needs a vacuum.",
    ]
