"""Runs of `insights_session_sync`, in Airflow but in one process: what is run, read, shown and announced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.dags.conftest import SYNC, Trial


def write_session(root: Path, name: str) -> Path:
    return write_transcript(root, transcript(user("hi"), assistant(), session_id=name))


def states(run: dict[str, Any]) -> dict[str, str]:
    """Task → state; a mapped one with its number."""
    return {
        task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else ""): task["state"]
        for task in run["tasks"]
    }


def label(run: dict[str, Any], task_id: str) -> str:
    return str(next(task["label"] for task in run["tasks"] if task["task_id"] == task_id))


def test_a_run_says_what_it_read_and_announces_what_it_wrote(trial: Trial, source: Path) -> None:
    write_session(source, "a")
    write_session(source, "b")
    run = trial()
    assert run["state"] == "success"
    assert label(run, "find_transcripts") == "2 of 2 files changed"
    summary = "2 of 2 files changed; 2 files read (0.0 MB); 2 sessions written"
    assert label(run, "summarize_sync") == summary
    assert summary in run["log"]
    [event] = run["events"]
    assert (event["asset"], event["extra"]["session_count"]) == ("insights_sessions", 2)


def test_a_run_with_nothing_new_is_one_green_task_that_reads_and_announces_nothing(
    trial: Trial, source: Path, connection: Connection
) -> None:
    write_session(source, "a")
    trial()
    before = execute(connection, "select read_at from insights.transcript_files")
    run = trial()
    assert run["state"] == "success"
    assert states(run) == {"find_transcripts": "success", "sync_sessions": "skipped", "summarize_sync": "skipped"}
    assert label(run, "find_transcripts") == "none of 1 file changed"
    assert run["events"] == []
    assert execute(connection, "select read_at from insights.transcript_files") == before


def test_what_was_read_before_there_was_an_archive_is_kept_by_the_next_run(
    trial: Trial, source: Path, connection: Connection, tmp_path: Path
) -> None:
    write_session(source, "a")
    trial()
    assert execute(connection, "select 1 from insights.transcript_archive") == []
    run = trial(SESSION_INSIGHTS_ARCHIVE=str(tmp_path / "archive"))
    assert (run["state"], label(run, "find_transcripts")) == ("success", "none of 1 file changed")
    [kept] = execute(connection, "select path from insights.transcript_archive")
    assert kept["path"].endswith("/a.jsonl")
    assert len(list((tmp_path / "archive").rglob("*.jsonl.zst"))) == 1


def test_files_that_give_no_session_announce_nothing(trial: Trial, source: Path) -> None:
    (source / "-shop").mkdir()
    (source / "-shop" / "empty.jsonl").touch()
    run = trial()
    assert run["state"] == "success"
    assert states(run)["summarize_sync"] == "skipped"
    assert "1 of 1 file changed; 1 file read (0.0 MB); 0 sessions written" in label(run, "summarize_sync")
    assert run["events"] == []


def test_a_chunk_that_fails_makes_the_run_red_and_loses_no_other(
    trial: Trial, source: Path, connection: Connection
) -> None:
    with write_session(source, "large").open("r+b") as file:
        file.truncate(65 * 1024 * 1024)  # more than a chunk; the tail is no line yet
    write_session(source, "small")
    connection.execute(
        """
        create function insights.refuse() returns trigger language plpgsql as
        'begin if new.id = ''small'' then raise exception ''refused''; end if; return new; end';
        create trigger refuse before insert on insights.claude_sessions
        for each row execute function insights.refuse();
        """
    )
    run = trial()
    assert run["state"] == "failed"
    found = {"find_transcripts": "success", "sync_sessions[0]": "success", "sync_sessions[1]": "failed"}
    assert states(run) == found | {"summarize_sync": "failed"}
    assert "1 of 2 chunks failed: clear each" in label(run, "summarize_sync")
    assert run["events"] == []
    assert execute(connection, "select id from insights.claude_sessions") == [{"id": "large"}]
    connection.execute("drop trigger refuse on insights.claude_sessions")
    assert label(trial(), "find_transcripts") == "1 of 2 files changed"


def test_a_warning_stands_beside_the_task_in_the_log_and_in_what_it_leaves(
    trial: Trial, source: Path, tmp_path: Path
) -> None:
    write_session(source, "a")
    gone = tmp_path / "unmounted"
    run = trial(SESSION_INSIGHTS_SOURCES=f"desk={gone},laptop={source}")
    assert run["state"] == "success"
    warning = f"warning: desk={gone}: No such file or directory."
    assert warning in label(run, "summarize_sync")
    assert any(warning in line and "[warning" in line for line in run["log"].splitlines())
    assert [w["kind"] for w in run["events"][0]["extra"]["warnings"]] == ["source_missing"]
    assert warning in label(trial(SESSION_INSIGHTS_SOURCES=f"desk={gone},laptop={source}"), "find_transcripts")


@pytest.mark.parametrize(
    ("dag_id", "task_id", "settings", "message"),
    [
        (SYNC, "find_transcripts", {"SOURCES": "desk=/nowhere"}, "Source /nowhere: No such file or directory. Mount"),
        (SYNC, "find_transcripts", {"SOURCES": ""}, "No transcripts: no ~/.claude/projects here; name a folder"),
        (
            SYNC,
            "find_transcripts",
            {"DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/b"},
            "The database does not answer: ",
        ),
        (SYNC, "find_transcripts", {"DATABASE_URL": ""}, "No connection 'session_insights_db': add one"),
        (SYNC, "find_transcripts", {"PROFILE": "/nowhere.yaml"}, "Profile /nowhere.yaml: No such file"),
        (SYNC, "find_transcripts", {"STOPPED_DAYS": "soon"}, "SESSION_INSIGHTS_STOPPED_DAYS: "),
        ("insights_facet_extraction", "select_sessions", {"PROFILE": "/nowhere.yaml"}, "Profile /nowhere.yaml"),
        ("insights_setup", "check_connections", {"SOURCES": "desk=/nowhere"}, "No transcripts: /nowhere is no folder"),
    ],
)
def test_what_is_wrong_stands_beside_the_task_and_in_one_line_of_the_log(
    trial: Trial, dag_id: str, task_id: str, settings: dict[str, str], message: str
) -> None:
    run = trial(dag_id, **{f"SESSION_INSIGHTS_{name}": value for name, value in settings.items()})
    assert run["state"] == "failed"
    assert label(run, task_id).startswith(message)
    told = [line for line in run["log"].splitlines() if "[error" in line]
    line, *others = [line for line in told if "[session_insights.bridge.tasks]" in line]
    assert message in line
    after = run["log"].partition(line)[2]
    if others:  # of the tasks that run whatever became of this one
        after = after.partition(others[0])[0]
    assert after.count("Traceback") == 1  # Airflow's own
    assert "secret" not in run["log"]


def test_tables_that_are_not_there_name_the_dag_that_makes_them(trial: Trial, connection: Connection) -> None:
    connection.execute("drop schema insights cascade")
    run = trial()
    said = label(run, "find_transcripts")
    assert said.startswith("The tables are older than the code: 0001_create_transcripts, ")
    assert "Run the DAG insights_setup" in run["log"]
    assert trial("insights_setup")["state"] == "success"
    assert trial()["state"] == "success"
