"""Transcripts in a bucket: the same sessions as from a folder, whatever the bucket does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from session_insights import cli
from session_insights.bucket import ObjectStoreError, environment_client
from session_insights.errors import SettingsError
from session_insights.locations import S3Address
from session_insights.settings import Settings, Source
from session_insights.stages import sync
from session_insights.store.database import Connection, execute
from session_insights.transcripts.copies import copies_of
from session_insights.transcripts.objects import find_files
from session_insights.transcripts.syncing import read_files
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.object_store import ObjectStore, cut_off, hold_first, refuse, send
from tests.helpers import sample_profile
from tests.store.test_archive import lines, write_sessions

BUCKET, PREFIX = "team", "alex/projects"
SOURCE: Source = ("laptop", S3Address(BUCKET, PREFIX))
GENUINE = Path(__file__).parent.parent / "transcripts" / "v2.1.330" / "projects"


def upload(store: ObjectStore, root: Path, prefix: str = PREFIX) -> None:
    for path in root.rglob("*"):
        if path.is_file():
            store.put(BUCKET, f"{prefix}/{path.relative_to(root).as_posix()}", path.read_bytes())


def sync_source(connection: Connection, source: Source = SOURCE, *, processes: int = 1) -> dict[str, Any]:
    files, counts = sync.find_changed(connection, [source])
    synced = sync.sync_files(connection, files, profile=sample_profile(), settings=Settings(), processes=processes)
    return {**counts, **synced}


def one_session(text: str = "hi", session_id: str = "aaaaaaaa-1111") -> str:
    return lines(transcript(user(text), assistant(message_id=f"m-{session_id}"), session_id=session_id))


def ledger(connection: Connection) -> dict[str, tuple[str, str | None]]:
    rows = execute(connection, "select path, state, error from insights.transcript_files")
    return {row["path"]: (row["state"], row["error"]) for row in rows}


def dump(connection: Connection, root: str) -> list[str]:
    """Rows of all tables, without when they were made and where from."""
    told = []
    for table in ("claude_sessions", "session_messages", "session_entries", "session_days", "transcript_files"):
        rows = execute(
            connection, f"select to_jsonb(t) - '{{synced_at,read_at,mtime_ns}}'::text[] as row from insights.{table} t"
        )
        told += [table + json.dumps(row["row"], sort_keys=True).replace(root, "ROOT") for row in rows]
    return sorted(told)


@pytest.fixture(autouse=True)
def _bucket(object_store: ObjectStore) -> None:
    object_store.make_bucket(BUCKET)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies go."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.mark.parametrize("processes", [1, 2])
def test_a_bucket_gives_the_rows_that_a_folder_gives(
    connection: Connection, object_store: ObjectStore, tmp_path: Path, temporary: Path, processes: int
) -> None:
    root = tmp_path / "projects"
    shutil.copytree(GENUINE, root)
    write_sessions(root)
    upload(object_store, root)
    counts = sync_source(connection, processes=processes)
    from_bucket = dump(connection, f"s3://{BUCKET}/{PREFIX}")
    assert counts["failed_count"] == 0
    assert '"agent_type": "Explore"' in "".join(from_bucket)
    tables = "transcript_files, insights.claude_sessions, insights.session_messages, insights.session_entries"
    connection.execute(f"truncate insights.{tables} cascade".encode())
    assert sync_source(connection, ("laptop", root))["read_count"] == counts["read_count"]
    assert dump(connection, str(root)) == from_bucket
    assert list(temporary.iterdir()) == []


def test_what_has_not_changed_is_listed_and_not_read(connection: Connection, object_store: ObjectStore) -> None:
    for number in range(3):
        object_store.put(BUCKET, f"{PREFIX}/-p/{number}.jsonl", one_session(session_id=f"{number}"))
    assert sync_source(connection)["read_count"] == 3
    object_store.requests.clear()
    again = sync_source(connection)
    assert (again["found_count"], again["changed_count"]) == (3, 0)
    assert [asked.split("?")[0] for asked in object_store.requests] == [f"GET /{BUCKET}"]


def test_a_copy_goes_when_it_is_read(object_store: ObjectStore, temporary: Path) -> None:
    for number in range(3):
        object_store.put(BUCKET, f"{PREFIX}/-p/{number}.jsonl", one_session(session_id=f"{number}"))
    files = find_files(*SOURCE, environment_client)
    with copies_of(files, environment_client) as fetch:
        for left, _ in zip((2, 1, 0), read_files(files, entry_characters=99, processes=1, fetch=fetch), strict=True):
            assert len(list(temporary.rglob("*.jsonl"))) <= left + 1
        assert [path.name for path in temporary.rglob("*") if path.is_file()] == ["lock"]


def test_another_text_of_the_same_size_in_the_same_second_is_read(
    connection: Connection, object_store: ObjectStore
) -> None:
    for text in ("one", "two"):
        object_store.put(BUCKET, f"{PREFIX}/-p/a.jsonl", one_session(text))
        assert sync_source(connection)["read_count"] == 1
    [first] = execute(connection, "select text from insights.session_entries where entry_no = 1")
    assert first["text"] == "two"


def test_a_sub_agents_description_that_comes_later_is_read(connection: Connection, object_store: ObjectStore) -> None:
    agent = lines(transcript(user("look", isSidechain=True), assistant()))
    object_store.put(BUCKET, f"{PREFIX}/-p/s1/subagents/agent-a1.jsonl", agent)
    sync_source(connection)
    object_store.put(BUCKET, f"{PREFIX}/-p/s1/subagents/agent-a1.meta.json", '{"agentType": "Plan"}')
    assert sync_source(connection)["read_count"] == 1
    rows = execute(connection, "select id, agent_type from insights.claude_sessions where is_subagent")
    assert rows == [{"id": "s1/agent-a1", "agent_type": "Plan"}]


def test_keys_that_no_folder_could_have_are_passed_over(
    connection: Connection, object_store: ObjectStore, tmp_path: Path, temporary: Path
) -> None:
    good = f"{PREFIX}/-p/good.jsonl"
    hostile = [
        *("../x.jsonl", "-p/../../y.jsonl", "./z.jsonl", "-p//two.jsonl", "-p/.jsonl", ".jsonl", "-p/folder.jsonl/"),
        *(
            "-p/nul\0.jsonl",
            "-p/memory/m.jsonl",
            "-p/tool-results/t.jsonl",
            "-p/journal.jsonl",
            "1/2/3/4/5/6/7/8/9/d.jsonl",
        ),
        *("-p/note.txt", "-p/x.meta.json", "-p/X.JSONL"),
    ]
    for key in (good, *(f"{PREFIX}/{name}" for name in hostile), "alex/projects2/near.jsonl", "alex/projects.jsonl"):
        object_store.put(BUCKET, key, one_session(session_id="good"))
    object_store.put(BUCKET, f"{PREFIX}/-p/a.jsonl/inside.jsonl", one_session(session_id="inside"))
    counts = sync_source(connection)
    inside = f"s3://{BUCKET}/{PREFIX}/-p/a.jsonl/inside.jsonl"
    assert list(ledger(connection)) == [inside, f"s3://{BUCKET}/{good}"]
    assert counts["failed_count"] == 0
    assert [path.name for path in tmp_path.rglob("*.jsonl")] == []


def test_a_key_with_odd_characters_is_read_under_its_own_name(
    connection: Connection, object_store: ObjectStore
) -> None:
    names = ["-p/with space+plus.jsonl", "-p/100%25?x=1&y#z.jsonl", "-p/é\\..\\x.jsonl", "dt=2026/a.jsonl"]
    for number, name in enumerate(names):
        object_store.put(BUCKET, f"{PREFIX}/{name}", one_session(session_id=str(number)))
    assert sync_source(connection)["read_count"] == 4
    assert sorted(ledger(connection)) == sorted(f"s3://{BUCKET}/{PREFIX}/{name}" for name in names)


def test_more_objects_than_a_page_are_all_found(object_store: ObjectStore) -> None:
    for number in range(1_002):
        object_store.put(BUCKET, f"{PREFIX}/-p/{number}.jsonl", "")
    files = find_files(*SOURCE, lambda: object_store.client)
    assert len({file.session_id for file in files}) == 1_002


def test_an_object_that_is_gone_is_marked_and_its_session_stays(
    connection: Connection, object_store: ObjectStore
) -> None:
    key = f"{PREFIX}/-p/a.jsonl"
    object_store.put(BUCKET, key, one_session())
    object_store.put(BUCKET, f"{PREFIX}/-p/b.jsonl", one_session(session_id="b"))
    sync_source(connection)
    object_store.client.delete_object(Bucket=BUCKET, Key=key)
    assert sync_source(connection)["vanished_count"] == 1
    assert ledger(connection)[f"s3://{BUCKET}/{key}"] == ("vanished", None)
    assert len(execute(connection, "select 1 from insights.claude_sessions")) == 2


def test_a_source_that_cannot_be_listed_marks_nothing(connection: Connection, object_store: ObjectStore) -> None:
    for name in ("a", "z"):
        object_store.put(BUCKET, f"{PREFIX}/-p/{name}.jsonl", one_session(session_id=name))
    for number in range(1_000):
        object_store.put(BUCKET, f"{PREFIX}/-p/note-{number}.txt", "")
    sync_source(connection)
    before = ledger(connection)
    second_page = object_store.fault("GET", "continuation-token", refuse("500 Oops", "InternalError"))
    with second_page, pytest.raises(ObjectStoreError):
        sync_source(connection)
    object_store.drop_bucket(BUCKET)
    with pytest.raises(SettingsError, match=rf"s3://{BUCKET}/{PREFIX} \(SESSION_INSIGHTS_SOURCES\)"):
        sync_source(connection)
    assert ledger(connection) == before


def test_an_object_that_cannot_be_read_is_a_failed_file_and_the_others_go_on(
    connection: Connection, object_store: ObjectStore
) -> None:
    for name in "abc":
        object_store.put(BUCKET, f"{PREFIX}/-p/{name}.jsonl", one_session(session_id=name))
    with object_store.fault("GET", "/b.jsonl", refuse("403 Forbidden", "AccessDenied")):
        counts = sync_source(connection)
    assert (counts["read_count"], counts["failed_count"]) == (2, 1)
    state, error = ledger(connection)[f"s3://{BUCKET}/{PREFIX}/-p/b.jsonl"]
    assert (state, error) == ("failed", f"s3://{BUCKET}/{PREFIX}/-p/b.jsonl: cannot be read (AccessDenied)")
    assert sync_source(connection)["read_count"] == 1, "and is read when it can be"


def test_an_object_that_changes_before_it_is_read_is_whole_and_is_read_again(
    connection: Connection, object_store: ObjectStore
) -> None:
    key = f"{PREFIX}/-p/a.jsonl"
    object_store.put(BUCKET, key, one_session("short"))
    files, _ = sync.find_changed(connection, [SOURCE])
    more = lines(transcript(user("more", uuid="u9"), session_id="aaaaaaaa-1111"))
    object_store.put(BUCKET, key, one_session("grown by now") + more)
    sync.sync_files(connection, files, profile=sample_profile(), settings=Settings(), processes=1)
    said = execute(connection, "select text from insights.session_entries where kind = 'prompt' order by entry_no")
    assert [row["text"] for row in said] == ["grown by now", "more"]
    assert sync_source(connection)["read_count"] == 1
    assert sync_source(connection)["read_count"] == 0


def test_an_object_that_goes_before_it_is_read_is_failed_then_vanished(
    connection: Connection, object_store: ObjectStore
) -> None:
    key = f"{PREFIX}/-p/a.jsonl"
    object_store.put(BUCKET, key, one_session())
    files, _ = sync.find_changed(connection, [SOURCE])
    object_store.client.delete_object(Bucket=BUCKET, Key=key)
    counts = sync.sync_files(connection, files, profile=sample_profile(), settings=Settings(), processes=1)
    assert counts["failed_count"] == 1
    sync_source(connection)
    assert [state for state, _ in ledger(connection).values()] == ["vanished"]


def test_a_bucket_that_goes_in_the_middle_is_said_and_the_next_sync_goes_on(
    connection: Connection, object_store: ObjectStore, temporary: Path
) -> None:
    for number in range(80):
        object_store.put(BUCKET, f"{PREFIX}/-p/{number:02}.jsonl", one_session(session_id=f"{number:02}"))
    gone = refuse("404 Not Found", "NoSuchBucket")
    with object_store.fault("GET", "/70.jsonl", gone), pytest.raises(SettingsError, match="no such bucket"):
        sync_source(connection, processes=2)
    assert {state for state, _ in ledger(connection).values()} <= {"read"}
    assert list(temporary.iterdir()) == []
    sync_source(connection, processes=2)
    assert [state for state, _ in ledger(connection).values()] == ["read"] * 80


def test_trouble_on_the_wire_is_raised_so_that_the_run_is_tried_again(
    connection: Connection, object_store: ObjectStore
) -> None:
    object_store.put(BUCKET, f"{PREFIX}/-p/a.jsonl", one_session())
    with object_store.fault("GET", "/a.jsonl", cut_off(times=9)), pytest.raises(ObjectStoreError):
        sync_source(connection)
    assert ledger(connection) == {}
    with object_store.fault("GET", "/a.jsonl", cut_off(times=1)):
        assert sync_source(connection)["read_count"] == 1


def test_the_same_session_from_a_folder_and_a_bucket_is_one_and_the_longer_wins(
    connection: Connection, object_store: ObjectStore, tmp_path: Path
) -> None:
    records = transcript(user("hi"), assistant(message_id="m1"), session_id="shared")
    write_transcript(tmp_path, records)
    sync_source(connection, ("laptop", tmp_path))
    longer = lines(transcript(user("hi"), assistant(message_id="m1"), user("more"), session_id="shared"))
    object_store.put(BUCKET, f"{PREFIX}/-p/shared.jsonl", longer)
    sync_source(connection, ("desk", S3Address(BUCKET, PREFIX)))
    [session] = execute(connection, "select machine, human_prompt_count from insights.claude_sessions")
    assert session == {"machine": "desk", "human_prompt_count": 2}
    assert len(execute(connection, "select 1 from insights.session_messages where is_owner")) == 1


def test_the_command_reads_a_folder_and_a_bucket_by_setting_and_by_name(
    database_url: str,
    connection: Connection,
    object_store: ObjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_transcript(tmp_path / "here", transcript(user("hi"), assistant(), session_id="here"))
    object_store.put(BUCKET, f"{PREFIX}/-p/there.jsonl", one_session(session_id="there"))
    object_store.put(BUCKET, "dt=1/-p/more.jsonl", one_session(session_id="more"))
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    monkeypatch.setenv("SESSION_INSIGHTS_SOURCES", f"{tmp_path / 'here'}, desk=s3://{BUCKET}/{PREFIX}/")
    assert cli.main(["sync", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["read_count"] == 2
    assert cli.main(["sync", "--source", f"s3://{BUCKET}/dt=1", "--machine", "box", "--json"]) == 0
    rows = execute(connection, "select id, machine from insights.claude_sessions where id <> 'here' order by id")
    assert rows == [{"id": "more", "machine": "box"}, {"id": "there", "machine": "desk"}]
    assert cli.main(["sync", "--source", "s3://nowhere/x"]) == 2
    assert "s3://nowhere/x (SESSION_INSIGHTS_SOURCES): there is no such bucket" in capsys.readouterr().err


READ = """
from session_insights.bucket import environment_client
from session_insights.locations import S3Address
from session_insights.transcripts.copies import copies_of
from session_insights.transcripts.copies import copies_of
from session_insights.transcripts.objects import find_files
from session_insights.transcripts.syncing import read_files
from session_insights.transcripts.syncing import read_files
files = find_files("laptop", S3Address("team", "alex/projects"), environment_client)
with copies_of(files, environment_client) as fetch:
    for _, result in read_files(files, entry_characters=8000, processes=1, fetch=fetch):
        print(result.read_bytes)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


def test_an_object_larger_than_the_memory_that_it_may_take_is_read(object_store: ObjectStore, temporary: Path) -> None:
    object_store.put(BUCKET, f"{PREFIX}/-p/big.jsonl", "")
    # Nothing of a session, so that all that could grow is the reading.
    piece = b'{"type": "file-history-delta", "x": "' + b"x" * (1024 * 1024 - 40) + b'"}\n'
    with object_store.fault("GET", "/big.jsonl", send(piece, 160)):
        done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read_bytes, peak_mb = map(int, done.stdout.split())
    assert read_bytes == 160 * len(piece)
    assert peak_mb <= 120
    assert list(temporary.iterdir()) == []


KILLED = """
import sys
from tests.fakes.object_store import *
from session_insights.stages import sync
from session_insights.store.database import connect
from session_insights.settings import Settings
from session_insights.locations import S3Address
from tests.helpers import sample_profile
with connect(sys.argv[1]) as database:
    files, _ = sync.find_changed(database, [("laptop", S3Address("team", "alex/projects"))])
    print("found", flush=True)
    sync.sync_files(database, files, profile=sample_profile(), settings=Settings(), processes=1)
"""


def test_copies_of_a_killed_sync_are_deleted_by_the_next(
    database_url: str, connection: Connection, object_store: ObjectStore, temporary: Path
) -> None:
    for name in "abc":
        object_store.put(BUCKET, f"{PREFIX}/-p/{name}.jsonl", one_session(session_id=name))
    let_go = threading.Event()
    with object_store.fault("GET", "/c.jsonl", hold_first(let_go)):
        killed = subprocess.Popen([sys.executable, "-c", KILLED, database_url], env={**os.environ, "PYTHONPATH": "."})
        deadline = time.monotonic() + 30
        while not list(temporary.rglob("1.jsonl")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        [left] = temporary.iterdir()
        os.utime(left, (1, 1))
        sync_source(connection)
        assert left.exists(), "a sync beside it leaves what is in use"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        let_go.set()
    object_store.put(BUCKET, f"{PREFIX}/-p/d.jsonl", one_session(session_id="d"))
    os.utime(left, (1, 1))
    assert sync_source(connection)["read_count"] == 1
    assert list(temporary.iterdir()) == []
