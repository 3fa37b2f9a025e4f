"""The object store fails or is not there: what is on this disk is kept, and what is in the store is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_insights.bucket import ObjectStoreError
from session_insights.settings import Settings
from session_insights.stages import keeping, sync
from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.object_store import ObjectStore, refuse
from tests.helpers import sample_profile, sync_folder

PROFILE = sample_profile()


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    root = tmp_path / "projects"
    for number in range(3):
        write_transcript(root, transcript(user(f"do {number}"), assistant(), session_id=f"session-{number}"))
    return root


def count(connection: Connection, table: str) -> int:
    [row] = execute(connection, f"select count(*) as n from insights.{table}")
    return int(row["n"])


@pytest.mark.parametrize("fault", ["refuses", "is stopped"])
def test_an_archive_that_is_down_keeps_no_session_from_being_read(
    connection: Connection,
    object_store: ObjectStore,
    projects: Path,
    fault: str,
    note: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    object_store.make_bucket("kept")
    settings = Settings(archive="s3://kept/archive")
    with object_store.fault("PUT", "/kept/", refuse("503 Slow Down", "SlowDown")), monkeypatch.context() as patch:
        if fault == "is stopped":
            patch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        with pytest.raises(ObjectStoreError):
            sync_folder(connection, projects, settings=settings)
        assert count(connection, "claude_sessions") == 3
        assert count(connection, "transcript_archive") == 0
        # The next run reads nothing twice.
        found = sync_folder(connection, projects, settings=settings)
        assert (found["changed_count"], found["archived_count"]) == (0, 0)
    keeping.archive_earlier(connection, [("laptop", projects)], settings=settings)
    assert count(connection, "transcript_archive") == 3
    assert len([key for key in object_store.keys("kept") if key.endswith(".zst")]) == 3
    execute(connection, "truncate insights.claude_sessions cascade")
    answer = keeping.resync_from_archive(connection, profile=PROFILE, settings=settings, processes=1)
    assert (answer["read_count"], answer["failed_count"]) == (3, 0)
    note.append(
        f"| object store {fault} (archive) | once | sessions are read; archived later, whole | 0: the next sync |"
    )


def test_a_source_that_is_down_loses_no_session(
    connection: Connection, object_store: ObjectStore, projects: Path, note: list[str]
) -> None:
    """A list that fails is no empty list."""
    object_store.make_bucket("laptops")
    for path in projects.rglob("*.jsonl"):
        object_store.put("laptops", f"alex/{path.relative_to(projects)}", path.read_bytes())
    from session_insights.settings import parse_source

    sources = [parse_source("laptop=s3://laptops/alex")]

    def run() -> dict[str, int]:
        files, found = sync.find_changed(connection, sources)
        return found | sync.sync_files(connection, files, profile=PROFILE, settings=Settings(), processes=1)

    assert run()["read_count"] == 3
    with object_store.fault("GET", "/laptops", refuse("500 Oops", "InternalError")), pytest.raises(ObjectStoreError):
        run()
    assert execute(connection, "select distinct state from insights.transcript_files") == [{"state": "read"}]
    back = run()
    assert (back["changed_count"], back["vanished_count"]) == (0, 0)
    note.append("| object store answers 500 (source) | once | no session is taken for gone | 0: the next sync |")
