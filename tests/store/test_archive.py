"""Raw files are kept before they are deleted, once each, and give the same rows again."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import zstandard

from session_insights import cli
from session_insights.errors import SettingsError
from session_insights.settings import Settings
from session_insights.stages import keeping
from session_insights.store.database import Connection, execute
from tests.building import assistant, result, transcript, user, write_transcript
from tests.helpers import sample_profile, sync_folder

STAMPS = ("read_at", "synced_at", "archived_at")
TABLES = (
    "transcript_files",
    "claude_sessions",
    "session_messages",
    "session_entries",
    "session_days",
    "transcript_archive",
)


def dump(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    rows = {table: execute(connection, f"select * from insights.{table} order by 1, 2, 3") for table in TABLES}
    return {
        table: [{name: value for name, value in row.items() if name not in STAMPS} for row in found]
        for table, found in rows.items()
    }


def objects(folder: Path) -> dict[str, bytes]:
    """Digest → the bytes, for all that is in an archive."""
    return {
        path.name.split(".")[0]: zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
        for path in folder.rglob("*.jsonl.zst")
    }


def lines(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(archive=tmp_path / "archive")


def write_sessions(root: Path) -> None:
    """A session, a fork of it, sub-agents in a folder, flat and inline, and bad lines."""
    history = [user("first", uuid="u1"), assistant("a", message_id="m1", uuid="u2"), user("next", uuid="u3")]
    path = write_transcript(root, transcript(*history, assistant("b", message_id="m2")))
    fork = transcript(*history, assistant("c", message_id="m3"), user("more"), session_id="22222222-2222")
    write_transcript(root, fork)
    agent = path.parent / path.stem / "subagents" / "agent-a1.jsonl"
    agent.parent.mkdir(parents=True)
    agent.write_text(lines(transcript(user("look", isSidechain=True), assistant())), encoding="utf-8")
    agent.with_suffix(".meta.json").write_text('{"agentType": "Explore"}', encoding="utf-8")
    flat = transcript(user("flat", isSidechain=True), assistant(), session_id="22222222-2222")
    (path.parent / "agent-b2.jsonl").write_text(lines(flat), encoding="utf-8")
    inline = transcript(
        user("go"),
        assistant(tool="Edit", given={"file_path": "/x/a.py"}, call="e"),
        result("e", outcome={"structuredPatch": [{"lines": ["+a", "-b"]}]}),
        user("inside", isSidechain=True, uuid="s1"),
        session_id="33333333-3333",
    )
    third = write_transcript(root, inline)
    third.write_bytes(third.read_bytes() + b"{broken\n\x00\x00\n" + b'{"type": "user", "mess')


def test_rows_made_from_the_archive_equal_the_first(connection: Connection, tmp_path: Path, settings: Settings) -> None:
    write_sessions(tmp_path / "projects")
    counts = sync_folder(connection, tmp_path / "projects", settings=settings)
    assert (counts["read_count"], counts["archived_count"]) == (5, 5)
    first = dump(connection)
    assert len(first["transcript_archive"]) == 5
    again = keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=1)
    assert again["read_count"] == 5
    assert dump(connection) == first, "into the same database"
    connection.execute(f"truncate {', '.join('insights.' + table for table in TABLES)} cascade".encode())
    for path in (tmp_path / "projects").rglob("*.json*"):
        path.unlink()
    again = keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=2)
    assert (again["read_count"], again["failed_count"]) == (5, 0)
    assert dump(connection) == first, "into an empty one, the files gone"


def test_a_file_is_kept_once_and_only_for_its_owner(connection: Connection, tmp_path: Path, settings: Settings) -> None:
    path = write_transcript(tmp_path / "projects", transcript(user("hi"), assistant()))
    assert sync_folder(connection, tmp_path / "projects", settings=settings)["archived_count"] == 1
    assert settings.archive is not None
    assert list(objects(settings.archive).values()) == [path.read_bytes()]
    for kept in [settings.archive, *settings.archive.rglob("*")]:
        assert stat.S_IMODE(kept.stat().st_mode) == (0o700 if kept.is_dir() else 0o600), kept
    os.utime(path, (1, 1))
    again = sync_folder(connection, tmp_path / "projects", settings=settings)
    assert (again["read_count"], again["archived_count"]) == (1, 0)
    copy = sync_folder(connection, tmp_path / "projects", machine="desk", settings=settings)
    assert copy["archived_count"] == 1
    assert len(objects(settings.archive)) == 1
    assert len(execute(connection, "select 1 from insights.transcript_archive")) == 2


def test_a_grown_file_replaces_its_beginning_and_a_rewritten_one_does_not(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    assert settings.archive is not None
    path = write_transcript(tmp_path / "projects", transcript(user("hi"), assistant()))
    sync_folder(connection, tmp_path / "projects", settings=settings)
    whole = path.read_bytes()
    path.write_bytes(whole + lines(transcript(user("more"))).encode() + b'{"type": "us')
    sync_folder(connection, tmp_path / "projects", settings=settings)
    grown = path.read_bytes().removesuffix(b'{"type": "us')
    assert list(objects(settings.archive).values()) == [grown]
    path.write_bytes(lines(transcript(user("all is new"), assistant(), assistant("x"), assistant("y"))).encode())
    sync_folder(connection, tmp_path / "projects", settings=settings)
    assert sorted(objects(settings.archive).values()) == sorted([grown, path.read_bytes()])
    assert len(execute(connection, "select 1 from insights.transcript_archive")) == 2
    keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=1)
    [first] = execute(connection, "select text from insights.session_entries where entry_no = 1")
    assert first["text"] == "all is new"


def test_a_damaged_object_is_named_and_the_others_are_read(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    assert settings.archive is not None
    write_sessions(tmp_path / "projects")
    sync_folder(connection, tmp_path / "projects", settings=settings)
    damaged = min(settings.archive.rglob("*.zst"))
    damaged.write_bytes(damaged.read_bytes()[:-6])
    said: list[str] = []
    counts = keeping.resync_from_archive(
        connection, profile=sample_profile(), settings=settings, processes=1, progress=said.append
    )
    assert (counts["read_count"], counts["failed_count"]) == (4, 1)
    assert any(damaged.name.split(".")[0] in line for line in said)


def test_what_was_read_before_there_was_an_archive_is_kept_by_the_command(
    database_url: str, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sessions(tmp_path / "projects")
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    monkeypatch.setenv("SESSION_INSIGHTS_SYNC_PROCESSES", "1")
    monkeypatch.setenv("SESSION_INSIGHTS_ARCHIVE", "")
    sync = ["sync", "--source", str(tmp_path / "projects"), "--json"]
    assert cli.main(sync) == 0
    assert execute(connection, "select 1 from insights.transcript_archive") == []
    monkeypatch.setenv("SESSION_INSIGHTS_ARCHIVE", str(tmp_path / "archive"))
    assert cli.main(sync) == 0
    assert len(execute(connection, "select 1 from insights.transcript_archive")) == 5
    assert cli.main(["sync", "--from-archive", "--json"]) == 0


def test_without_an_archive_a_resync_says_what_to_set(connection: Connection) -> None:
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_ARCHIVE"):
        keeping.resync_from_archive(connection, profile=sample_profile(), settings=Settings(archive=None))
