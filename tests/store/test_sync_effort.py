"""What a sync does not do: counted, not timed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.settings import Settings
from session_insights.stages import sync
from session_insights.store import ledger
from session_insights.store.database import Connection, execute
from session_insights.transcripts import syncing
from session_insights.transcripts.files import find_transcripts
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import sample_profile, sync_folder

COUNTS = """
select
    coalesce(sum(n_tup_ins), 0)::int as inserted,
    coalesce(sum(n_tup_upd), 0)::int as updated,
    coalesce(sum(n_tup_del), 0)::int as deleted
from pg_stat_user_tables
where schemaname = 'insights'
"""


def count_writes(connection: Connection) -> dict[str, Any]:
    execute(connection, "select pg_stat_force_next_flush()")
    execute(connection, "select pg_stat_clear_snapshot()")
    [row] = execute(connection, COUNTS)
    return row


def write_sessions(root: Path, count: int) -> None:
    for number in range(count):
        write_transcript(root, transcript(user(f"do {number}"), assistant(), session_id=f"s{number}"))


def test_a_second_sync_writes_nothing_at_all(connection: Connection, tmp_path: Path) -> None:
    write_sessions(tmp_path, 5)
    sync_folder(connection, tmp_path)
    before = count_writes(connection)
    assert sync_folder(connection, tmp_path)["read_count"] == 0
    assert count_writes(connection) == before


def test_a_message_of_one_session_is_written_once_with_its_owner(connection: Connection, tmp_path: Path) -> None:
    write_sessions(tmp_path, 5)
    sync_folder(connection, tmp_path)
    count_writes(connection)
    [row] = execute(
        connection,
        "select n_tup_ins::int as inserted, n_tup_upd::int as updated from pg_stat_user_tables "
        "where relname = 'session_messages'",
    )
    assert row == {"inserted": 5, "updated": 0}
    assert execute(connection, "select distinct is_owner from insights.session_messages") == [{"is_owner": True}]


def test_one_grown_file_touches_the_rows_of_no_other_session(connection: Connection, tmp_path: Path) -> None:
    write_sessions(tmp_path, 5)
    sync_folder(connection, tmp_path)
    execute(connection, "update insights.claude_sessions set synced_at = '2000-01-01'")
    before = count_writes(connection)
    grown = transcript(user("do 3"), assistant(), user("and then"), assistant(), session_id="s3")
    write_transcript(tmp_path, grown, name="s3")
    assert sync_folder(connection, tmp_path)["read_count"] == 1
    touched = execute(connection, "select id from insights.claude_sessions where synced_at > '2000-01-01'")
    assert touched == [{"id": "s3"}]
    # Two messages, four entries, one day, one model on it, and what figures read: with the session and with its day.
    assert count_writes(connection)["inserted"] - before["inserted"] == 2 + 4 + 1 + 1 + 2


def test_few_results_wait_whoever_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sessions(tmp_path, 40)
    files = find_transcripts("laptop", tmp_path)
    handed_out: list[TranscriptFile] = []

    def counted(found: list[TranscriptFile]) -> Any:
        for file in found:
            handed_out.append(file)
            yield [file]

    monkeypatch.setattr(syncing, "_tasks", counted)
    for received, _ in enumerate(syncing.read_files(files, entry_characters=1000, processes=2), 1):
        assert len(handed_out) - received <= 2 * 4  # four tasks a process, and the one received
    assert len(handed_out) == 40


def test_every_file_is_read_once_whatever_the_tasks(tmp_path: Path) -> None:
    write_sessions(tmp_path, 70)
    files = find_transcripts("laptop", tmp_path)
    tasks = list(syncing._tasks(files))
    assert len(tasks) > 1
    assert [file for task in tasks for file in task] == files


def test_text_with_every_kind_of_character_arrives_as_it_is(connection: Connection, tmp_path: Path) -> None:
    said = "tab\there\nline\r\nback\\slash \\N \\. \\t \x0b\x0c\x08\x1b[31m \u2028 \U0001f600 e\u0301 ''\"\""
    write_transcript(
        tmp_path,
        transcript(user(said), assistant(text=said), start=datetime(2026, 11, 16, 9, 0, 0, 123456, tzinfo=UTC)),
    )
    sync_folder(connection, tmp_path)
    rows = execute(connection, "select text from insights.session_entries order by entry_no")
    assert [row["text"] for row in rows] == [said, said]


def test_a_touched_file_keeps_its_rows(connection: Connection, tmp_path: Path) -> None:
    path = write_transcript(tmp_path, transcript(user("hi"), assistant()))
    sync_folder(connection, tmp_path)
    before = execute(connection, "select * from insights.session_entries")
    os.utime(path, (1, 1))
    sync_folder(connection, tmp_path)
    assert execute(connection, "select * from insights.session_entries") == before


def test_a_touched_file_writes_its_time_and_nothing_else(connection: Connection, tmp_path: Path) -> None:
    write_sessions(tmp_path, 3)
    agent = [{**record, "isSidechain": True} for record in transcript(user("look"), assistant(), session_id="s1")]
    write_transcript(tmp_path, agent, name="agent-a1", project="-home-alex-work-shop/s1/subagents")
    sync_folder(connection, tmp_path)
    before = count_writes(connection)
    for path in tmp_path.rglob("*.jsonl"):
        os.utime(path, (1, 1))
    again = sync_folder(connection, tmp_path)
    assert (again["read_count"], again["session_count"]) == (4, 0)
    after = count_writes(connection)
    # A line of the ledger for each file, and the version of the data.
    assert {name: after[name] - before[name] for name in after} == {"inserted": 0, "updated": 5, "deleted": 0}
    assert sync_folder(connection, tmp_path)["changed_count"] == 0


def test_a_file_that_failed_and_is_as_it_was_keeps_its_rows_and_is_read_again_once(
    connection: Connection, tmp_path: Path
) -> None:
    write_sessions(tmp_path, 1)
    sync_folder(connection, tmp_path)
    [file] = find_transcripts("laptop", tmp_path)
    ledger.save_failure(connection, file, "disk")
    [line] = execute(connection, "select read_bytes, state, error from insights.transcript_files")
    assert line == {"read_bytes": file.size_bytes, "state": "failed", "error": "disk"}
    assert sync_folder(connection, tmp_path)["read_count"] == 1
    assert execute(connection, "select state, error from insights.transcript_files") == [
        {"state": "read", "error": None}
    ]
    assert sync_folder(connection, tmp_path)["read_count"] == 0


def break_parser(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Reading fails with this; the paths of files that were tried."""
    tried: list[str] = []

    def fail(file: TranscriptFile, **_: Any) -> ParsedFile:
        tried.append(Path(file.path).stem)
        raise error

    monkeypatch.setattr(syncing, "parse_file", fail)
    return tried


def test_a_file_that_the_parser_fails_on_is_tried_again_when_it_or_the_parser_changed(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="s1"))
    tried = break_parser(monkeypatch, KeyError("x"))
    assert sync_folder(connection, tmp_path)["failed_count"] == 1
    before = count_writes(connection)
    assert sync_folder(connection, tmp_path)["changed_count"] == 0
    assert (tried, count_writes(connection)) == (["s1"], before)
    os.utime(path, (1, 1))
    assert sync_folder(connection, tmp_path)["failed_count"] == 1
    monkeypatch.setattr(sync, "parser_version", lambda: "the next one")
    assert sync_folder(connection, tmp_path)["failed_count"] == 1
    assert sync_folder(connection, tmp_path)["changed_count"] == 0
    monkeypatch.undo()
    assert sync_folder(connection, tmp_path)["read_count"] == 1
    [line] = execute(connection, "select state, error, failed_parser from insights.transcript_files")
    assert line == {"state": "read", "error": None, "failed_parser": None}


@pytest.mark.parametrize("error", [UnreadableTranscript("no right to read it"), MemoryError()], ids=["right", "memory"])
def test_a_failure_that_may_pass_is_tried_by_each_sync_and_written_once(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    write_sessions(tmp_path, 1)
    tried = break_parser(monkeypatch, error)
    assert sync_folder(connection, tmp_path)["failed_count"] == 1
    before = count_writes(connection)
    assert sync_folder(connection, tmp_path)["failed_count"] == 1
    assert (tried, count_writes(connection)) == (["s0", "s0"], before)


def test_a_file_rewritten_in_the_same_size_is_read_from_zero(connection: Connection, tmp_path: Path) -> None:
    write_transcript(tmp_path, transcript(user("one"), assistant(message_id="m1")))
    sync_folder(connection, tmp_path)
    path = write_transcript(tmp_path, transcript(user("two"), assistant(message_id="m1")))
    os.utime(path, (1, 1))
    sync_folder(connection, tmp_path)
    rows = execute(connection, "select text from insights.session_entries order by entry_no")
    assert [row["text"] for row in rows] == ["two", "Done."]


def test_a_file_that_grows_while_it_is_read_is_whole_in_the_end(connection: Connection, tmp_path: Path) -> None:
    records = transcript(user("a"), assistant(), user("b"), assistant())
    write_transcript(tmp_path, records[:2])
    files, _ = sync.find_changed(connection, [("laptop", tmp_path)])
    path = write_transcript(tmp_path, records)
    with path.open("a") as stream:
        stream.write('{"type":"user","message":{"content":"half a l')
    sync.sync_files(connection, files, profile=sample_profile(), settings=Settings(), processes=1)
    [row] = execute(connection, "select human_prompt_count, message_count from insights.claude_sessions")
    assert (row["human_prompt_count"], row["message_count"]) == (2, 2), "complete lines count, the tail waits"
    with path.open("a") as stream:
        stream.write('ine"},"timestamp":"2026-11-16T15:00:00Z"}\n')
    assert sync_folder(connection, tmp_path)["read_count"] == 1
    [row] = execute(connection, "select human_prompt_count from insights.claude_sessions")
    assert row["human_prompt_count"] == 3
    assert sync_folder(connection, tmp_path)["read_count"] == 0
