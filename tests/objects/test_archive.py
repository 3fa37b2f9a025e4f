"""The archive in a bucket: the same objects, the same rows, and nothing left of what was purged."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import zstandard

from session_insights import cli
from session_insights.bucket import ObjectStoreError
from session_insights.errors import SettingsError
from session_insights.locations import S3Address
from session_insights.settings import Settings
from session_insights.stages import keeping, sync
from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.object_store import ObjectStore, damage_upload, refuse
from tests.helpers import sample_profile, sync_folder
from tests.store.test_archive import TABLES, dump, lines, write_sessions

BUCKET = "vault"


@pytest.fixture
def settings(object_store: ObjectStore) -> Settings:
    object_store.make_bucket(BUCKET)
    return Settings(archive=S3Address(BUCKET, "archive"))


def objects(store: ObjectStore) -> list[bytes]:
    """The bytes of every object, as they were before compression."""
    return [
        zstandard.ZstdDecompressor().stream_reader(store.get(BUCKET, key)).read()
        for key in store.keys(BUCKET)
        if key.endswith(".zst")
    ]


def resync(connection: Connection, settings: Settings, processes: int = 1) -> dict[str, int]:
    return keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=processes)


@pytest.mark.parametrize("processes", [1, 2])
def test_rows_made_from_the_bucket_equal_the_first(
    connection: Connection, tmp_path: Path, settings: Settings, processes: int
) -> None:
    write_sessions(tmp_path / "projects")
    counts = sync_folder(connection, tmp_path / "projects", settings=settings)
    assert (counts["read_count"], counts["archived_count"]) == (5, 5)
    first = dump(connection)
    connection.execute(f"truncate {', '.join('insights.' + table for table in TABLES)} cascade".encode())
    for path in (tmp_path / "projects").rglob("*.json*"):
        path.unlink()
    again = resync(connection, settings, processes)
    assert (again["read_count"], again["failed_count"]) == (5, 0)
    assert dump(connection) == first


def test_a_folder_and_a_bucket_hold_the_same_objects(
    connection: Connection, tmp_path: Path, settings: Settings, object_store: ObjectStore
) -> None:
    write_sessions(tmp_path / "projects")
    sync_folder(connection, tmp_path / "projects", settings=settings)
    connection.execute(b"truncate insights.transcript_archive")
    folder = Settings(archive=tmp_path / "archive")
    keeping.archive_earlier(connection, [("laptop", tmp_path / "projects")], settings=folder)
    stored = {path.relative_to(tmp_path / "archive").as_posix() for path in (tmp_path / "archive").rglob("*.*")}
    assert {key.removeprefix("archive/") for key in object_store.keys(BUCKET)} == stored


def test_a_source_in_a_bucket_is_kept_too_with_the_description_of_its_sub_agents(
    connection: Connection, tmp_path: Path, settings: Settings, object_store: ObjectStore
) -> None:
    write_sessions(tmp_path / "projects")
    for path in (tmp_path / "projects").rglob("*.json*"):
        object_store.put(BUCKET, f"live/{path.relative_to(tmp_path / 'projects').as_posix()}", path.read_bytes())
    files, _ = sync.find_changed(connection, [("laptop", S3Address(BUCKET, "live"))])
    counts = sync.sync_files(connection, files, profile=sample_profile(), settings=settings, processes=1)
    assert counts["archived_count"] == 5
    first = dump(connection)
    connection.execute(f"truncate {', '.join('insights.' + table for table in TABLES)} cascade".encode())
    assert resync(connection, settings)["read_count"] == 5
    assert dump(connection) == first


def test_a_grown_file_replaces_its_beginning_and_of_a_rewritten_one_the_last_counts(
    connection: Connection, tmp_path: Path, settings: Settings, object_store: ObjectStore
) -> None:
    path = write_transcript(tmp_path, transcript(user("hi"), assistant()))
    sync_folder(connection, tmp_path, settings=settings)
    path.write_bytes(path.read_bytes() + lines(transcript(user("more"))).encode())
    sync_folder(connection, tmp_path, settings=settings)
    grown = path.read_bytes()
    assert objects(object_store) == [grown]
    path.write_bytes(lines(transcript(user("all is new"), assistant(), assistant("x"), assistant("y"))).encode())
    sync_folder(connection, tmp_path, settings=settings)
    assert sorted(objects(object_store)) == sorted([grown, path.read_bytes()])
    # A bucket that was copied has times of its own.
    told = [key for key in object_store.keys(BUCKET) if key.endswith(".json")]
    oldest = min(told, key=lambda key: json.loads(object_store.get(BUCKET, key))["archived_at"])
    time.sleep(1.1)
    object_store.put(BUCKET, oldest, object_store.get(BUCKET, oldest))
    resync(connection, settings)
    [first] = execute(connection, "select text from insights.session_entries where entry_no = 1")
    assert first["text"] == "all is new"


def test_a_damaged_or_missing_object_is_named_and_the_others_are_read(
    connection: Connection, tmp_path: Path, settings: Settings, object_store: ObjectStore
) -> None:
    write_sessions(tmp_path / "projects")
    sync_folder(connection, tmp_path / "projects", settings=settings)
    damaged, missing, *_ = [key for key in object_store.keys(BUCKET) if key.endswith(".zst")]
    object_store.put(BUCKET, damaged, object_store.get(BUCKET, damaged)[:-6])
    object_store.client.delete_object(Bucket=BUCKET, Key=missing)
    said: list[str] = []
    counts = keeping.resync_from_archive(
        connection, profile=sample_profile(), settings=settings, processes=1, progress=said.append
    )
    assert (counts["read_count"], counts["failed_count"]) == (3, 2)
    for key in (damaged, missing):
        assert any(Path(key).name.split(".")[0] in line for line in said)


def test_a_bucket_in_trouble_fails_the_run_after_the_rows_are_saved_and_the_next_run_makes_up_for_it(
    connection: Connection, tmp_path: Path, settings: Settings, object_store: ObjectStore
) -> None:
    write_transcript(tmp_path, transcript(user("hi"), assistant()))
    slow = refuse("503 Slow Down", "SlowDown")
    with object_store.fault("PUT", ".jsonl.zst", slow), pytest.raises(ObjectStoreError):
        sync_folder(connection, tmp_path, settings=settings)
    assert len(execute(connection, "select 1 from insights.claude_sessions")) == 1
    with object_store.fault("PUT", ".jsonl.zst", damage_upload), pytest.raises(ObjectStoreError, match="damaged"):
        keeping.archive_earlier(connection, [("laptop", tmp_path)], settings=settings)
    assert execute(connection, "select 1 from insights.transcript_archive") == []
    assert object_store.keys(BUCKET) == []
    kept = keeping.archive_earlier(connection, [("laptop", tmp_path)], settings=settings)
    assert kept["archived_count"] == 1


def test_a_purged_session_is_gone_from_the_bucket_and_a_purge_that_broke_off_can_be_run_again(
    connection: Connection, tmp_path: Path, settings: Settings, object_store: ObjectStore
) -> None:
    settings = settings.model_copy(update={"reports_dir": tmp_path / "reports"})
    write_transcript(tmp_path / "p", transcript(user("xylophone"), assistant(), session_id="doomed-1"))
    write_transcript(tmp_path / "p", transcript(user("other"), assistant(), session_id="other-2"))
    sync_folder(connection, tmp_path / "p", settings=settings)

    def purge() -> None:
        choices = {"person": None, "with_forks": False, "dry_run": False, "profile": sample_profile()}
        keeping.purge(connection, session_ids=["doomed-1"], settings=settings, **choices)

    trouble = object_store.fault("DELETE", "/vault", refuse("503 Slow Down", "SlowDown"))
    with trouble, pytest.raises(ObjectStoreError):
        purge()
    purge()
    assert [b"xylophone" in plain for plain in objects(object_store)] == [False]
    told = [json.loads(object_store.get(BUCKET, key)) for key in object_store.keys(BUCKET) if key.endswith(".json")]
    assert [description["file"]["session_id"] for description in told] == ["other-2"]


def test_the_command_keeps_and_rebuilds_by_setting(
    database_url: str,
    connection: Connection,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_sessions(tmp_path / "projects")
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    monkeypatch.setenv("SESSION_INSIGHTS_ARCHIVE", f"s3://{BUCKET}/archive")
    assert cli.main(["sync", "--source", str(tmp_path / "projects"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["archived_count"] == 5
    assert cli.main(["sync", "--from-archive", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["read_count"] == 5
    monkeypatch.setenv("SESSION_INSIGHTS_ARCHIVE", "s3://nowhere")
    assert cli.main(["sync", "--from-archive"]) == 2
    assert "s3://nowhere (SESSION_INSIGHTS_ARCHIVE): there is no such bucket" in capsys.readouterr().err


def test_without_the_bucket_a_resync_says_which_setting_names_it(connection: Connection, settings: Settings) -> None:
    gone = settings.model_copy(update={"archive": S3Address("gone")})
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_ARCHIVE"):
        resync(connection, gone)
