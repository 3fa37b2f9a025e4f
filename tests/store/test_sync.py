"""Files → rows: once each, whatever the order, the copies and the interruptions."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from session_insights.errors import SettingsError
from session_insights.settings import Settings
from session_insights.stages import sync
from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import sample_profile, sync_folder

TABLES = ("transcript_files", "claude_sessions", "session_messages", "session_entries", "session_days")
STAMPS = ("read_at", "synced_at", "mtime_ns")


def dump(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows without the columns that say when they were written."""
    rows = {table: execute(connection, f"select * from insights.{table} order by 1, 2") for table in TABLES}
    return {
        table: [{name: value for name, value in row.items() if name not in STAMPS} for row in found]
        for table, found in rows.items()
    }


def history(session_id: str, start: datetime, **more: Any) -> list[dict[str, Any]]:
    """Two turns with message ids that a copy repeats."""
    return transcript(
        user("first", uuid="u1", **more),
        assistant("a", message_id="m1", uuid="u2"),
        user("second", uuid="u3"),
        assistant("b", message_id="m2", uuid="u4"),
        session_id=session_id,
        start=start,
    )


def test_a_second_sync_reads_no_file_and_writes_no_row(connection: Connection, tmp_path: Path) -> None:
    write_transcript(tmp_path, transcript(user("hi"), assistant()))
    sync_folder(connection, tmp_path)
    before = execute(connection, "select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_xact_user_tables")
    again = sync_folder(connection, tmp_path)
    after = execute(connection, "select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_xact_user_tables")
    assert (again["changed_count"], again["read_count"]) == (0, 0)
    assert before == after


def test_reingesting_a_file_changes_nothing(connection: Connection, tmp_path: Path) -> None:
    path = write_transcript(tmp_path, transcript(user("hi"), assistant(), user("more"), assistant()))
    sync_folder(connection, tmp_path)
    before = dump(connection)
    os.utime(path, (1, 1))
    assert sync_folder(connection, tmp_path)["read_count"] == 1
    assert dump(connection) == before


def test_a_file_that_grew_gives_what_reading_it_at_once_gives(connection: Connection, tmp_path: Path) -> None:
    records = transcript(user("a"), assistant(), user("b"), assistant(tool="Bash"), user("c"), assistant())
    for end in (2, 3, 6):
        write_transcript(tmp_path, records[:end])
        sync_folder(connection, tmp_path)
    [row] = execute(connection, "select human_prompt_count, message_count from insights.claude_sessions")
    assert (row["human_prompt_count"], row["message_count"]) == (3, 3)


def test_a_file_rewritten_shorter_loses_what_it_lost(connection: Connection, tmp_path: Path) -> None:
    records = transcript(user("a"), assistant(), user("b"), assistant())
    write_transcript(tmp_path, records)
    sync_folder(connection, tmp_path)
    write_transcript(tmp_path, records[:2])
    sync_folder(connection, tmp_path)
    [row] = execute(connection, "select human_prompt_count, message_count from insights.claude_sessions")
    assert (row["human_prompt_count"], row["message_count"]) == (1, 1)


def test_a_session_whose_file_vanished_stays(connection: Connection, tmp_path: Path) -> None:
    path = write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="a"))
    write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="b"))
    sync_folder(connection, tmp_path)
    path.unlink()
    assert sync_folder(connection, tmp_path)["vanished_count"] == 1
    assert file_states(connection) == {"a": "vanished", "b": "read"}
    assert execute(connection, "select count(*) as n from insights.claude_sessions") == [{"n": 2}]


def file_states(connection: Connection) -> dict[str, str]:
    """Session → state of its file."""
    rows = execute(connection, "select session_id, state from insights.transcript_files")
    return {row["session_id"]: row["state"] for row in rows}


def test_a_folder_that_is_there_and_empty_loses_no_file(connection: Connection, tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "projects", tmp_path / "unmounted"
    write_transcript(root, transcript(user("hi"), assistant(), session_id="a"))
    sync_folder(connection, root)
    root.rename(elsewhere)
    root.mkdir()  # as a mount point is without its mount
    assert sync_folder(connection, root)["vanished_count"] == 0
    assert file_states(connection) == {"a": "read"}
    [warning] = sync.find_source_warnings(connection, [("laptop", root)], settings=Settings())
    assert (warning["kind"], warning["source"]) == ("source_empty", f"laptop={root}")


def test_a_source_that_is_missing_loses_no_file_and_stops_no_other(connection: Connection, tmp_path: Path) -> None:
    desk, laptop = tmp_path / "desk", tmp_path / "laptop"
    write_transcript(desk, transcript(user("hi"), assistant(), session_id="a"))
    sync_folder(connection, desk, machine="desk")
    desk.rename(tmp_path / "unmounted")
    write_transcript(laptop, transcript(user("hi"), assistant(), session_id="b"))
    sources = [("desk", desk), ("laptop", laptop)]
    files, counts = sync.find_changed(connection, sources)
    assert ([file.session_id for file in files], counts["vanished_count"]) == (["b"], 0)
    assert file_states(connection) == {"a": "read"}
    [warning] = sync.find_source_warnings(connection, sources, settings=Settings())
    assert (warning["kind"], warning["source"]) == ("source_missing", f"desk={desk}")
    assert warning["detail"].startswith("No such file or directory. Mount it")
    assert warning["since"] is not None


@pytest.mark.parametrize("sources", [[], [("desk", Path("/nowhere"))]])
def test_without_any_source_a_sync_is_an_error_with_the_remedy(
    connection: Connection, sources: list[tuple[str, Path]]
) -> None:
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_SOURCES"):
        sync.find_changed(connection, sources)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_in_a_folder_that_may_not_be_read_are_not_gone(connection: Connection, tmp_path: Path) -> None:
    hidden = write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="a"), project="-a").parent
    write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="b"), project="-b")
    sync_folder(connection, tmp_path)
    hidden.chmod(0)
    try:
        assert sync_folder(connection, tmp_path)["vanished_count"] == 0
    finally:
        hidden.chmod(0o700)


def test_a_machine_that_does_not_see_the_folder_fails_no_file(connection: Connection, tmp_path: Path) -> None:
    root = tmp_path / "projects"
    write_transcript(root, transcript(user("hi"), assistant()))
    files, _ = sync.find_changed(connection, [("laptop", root)])
    root.rename(tmp_path / "unmounted")
    with pytest.raises(SettingsError, match="No such file or directory"):
        sync.check_sources([("laptop", root)], files)


@pytest.mark.parametrize("order", list(itertools.permutations(["original", "fork", "continued"])))
def test_copied_history_counts_once_with_its_first_owner_whatever_the_order(
    connection: Connection, tmp_path: Path, order: tuple[str, ...]
) -> None:
    start = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    later = start + timedelta(hours=1)
    original = history("original", start)
    # A fork repeats ids and times; an old --continue repeats message ids alone.
    fork = [{**record, "sessionId": "fork"} for record in original]
    fork += transcript(
        user("other way", uuid="f1"), assistant("c", message_id="m3", uuid="f2"), session_id="fork", start=later
    )
    continued = history("continued", later + timedelta(hours=1))
    continued = [{**record, "uuid": f"new-{n}"} for n, record in enumerate(continued)]
    continued += transcript(
        user("go on", uuid="c1"),
        assistant("d", message_id="m4", uuid="c2"),
        session_id="continued",
        start=later + timedelta(hours=2),
    )
    files = {"original": original, "fork": fork, "continued": continued}
    for name in order:
        write_transcript(tmp_path, files[name], name=name)
        sync_folder(connection, tmp_path)
    rows = execute(
        connection,
        "select id, human_prompt_count, message_count, input_tokens, resumed_from from insights.claude_sessions",
    )
    counted = {row["id"]: (row["human_prompt_count"], row["message_count"], row["resumed_from"]) for row in rows}
    assert counted == {"original": (2, 2, None), "fork": (1, 1, "original"), "continued": (1, 1, "original")}
    assert sum(row["input_tokens"] for row in rows) == 4 * 3


def test_a_message_owned_by_a_file_that_lost_it_passes_to_its_copy(connection: Connection, tmp_path: Path) -> None:
    original = history("original", datetime(2026, 11, 16, 9, 0, tzinfo=UTC))
    fork = [{**record, "sessionId": "fork"} for record in original]
    fork += transcript(user("x"), assistant(), session_id="fork", start=datetime(2026, 11, 16, 10, 0, tzinfo=UTC))
    write_transcript(tmp_path, original, name="original")
    write_transcript(tmp_path, fork, name="fork")
    sync_folder(connection, tmp_path)
    write_transcript(tmp_path, original[:2], name="original")
    sync_folder(connection, tmp_path)
    rows = execute(connection, "select id, message_count from insights.claude_sessions order by id")
    assert [(row["id"], row["message_count"]) for row in rows] == [("fork", 2), ("original", 1)]


def test_a_file_that_cannot_be_read_is_kept_as_failed_and_the_others_go_on(
    connection: Connection, tmp_path: Path
) -> None:
    write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="good"))
    gone = write_transcript(tmp_path, transcript(user("hi"), assistant(), session_id="gone"))
    files, _ = sync.find_changed(connection, [("laptop", tmp_path)])
    gone.unlink()
    counts = sync.sync_files(connection, files, profile=sample_profile(), settings=Settings(), processes=1)
    assert (counts["read_count"], counts["failed_count"]) == (1, 1)
    rows = execute(connection, "select session_id, state, error from insights.transcript_files order by session_id")
    assert [(row["session_id"], row["state"]) for row in rows] == [("gone", "failed"), ("good", "read")]
    assert "No such file" in rows[0]["error"]


def test_tokens_of_sub_agents_count_on_the_days_of_the_session_that_started_them(
    connection: Connection, tmp_path: Path
) -> None:
    main = transcript(user("hi"), assistant(output_tokens=5), session_id="main")
    agent = [
        {**record, "isSidechain": True, "agentId": "a1"}
        for record in transcript(user("look"), assistant(output_tokens=70), session_id="main")
    ]
    write_transcript(tmp_path, main)
    write_transcript(tmp_path, agent, name="agent-a1", project="-home-alex-work-shop/main/subagents")
    sync_folder(connection, tmp_path)
    [day] = execute(connection, "select session_id, output_tokens, human_prompt_count from insights.session_days")
    assert (day["session_id"], day["output_tokens"], day["human_prompt_count"]) == ("main", 75, 1)


def test_a_session_over_midnight_is_cut_at_local_midnight(connection: Connection, tmp_path: Path) -> None:
    # 04:55Z is 23:55 of the day before in New York.
    start = datetime(2026, 11, 17, 4, 55, tzinfo=UTC)
    write_transcript(tmp_path, transcript(user("a"), assistant(), user("b"), assistant(), start=start, seconds=240))
    sync_folder(connection, tmp_path)
    days = execute(connection, "select activity_date::text, human_prompt_count from insights.session_days order by 1")
    assert [tuple(day.values()) for day in days] == [("2026-11-16", 1), ("2026-11-17", 1)]


def test_days_are_cut_anew_when_the_time_zone_changes(connection: Connection, tmp_path: Path) -> None:
    start = datetime(2026, 11, 17, 3, 0, tzinfo=UTC)
    write_transcript(tmp_path, transcript(user("a"), assistant(), start=start))
    sync_folder(connection, tmp_path)
    sync.sync_files(
        connection,
        [],
        profile=sample_profile().model_copy(update={"time_zone": "Europe/Berlin"}),
        settings=Settings(),
        processes=1,
    )
    rows = execute(connection, "select activity_date::text as day, time_zone from insights.session_days")
    assert rows == [{"day": "2026-11-17", "time_zone": "Europe/Berlin"}]


def test_several_processes_give_the_rows_that_one_gives(connection: Connection, tmp_path: Path) -> None:
    for number in range(6):
        write_transcript(tmp_path, transcript(user(f"do {number}"), assistant(), session_id=f"s{number}"))
    sync_folder(connection, tmp_path, processes=2)
    before = dump(connection)
    for path in tmp_path.rglob("*.jsonl"):
        os.utime(path, (1, 1))
    sync_folder(connection, tmp_path, processes=1)
    assert dump(connection) == before
