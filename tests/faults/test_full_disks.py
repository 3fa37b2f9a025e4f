"""A disk that is full: the error says so, nothing half-written is left, and the same works when there is room."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from local.postgres_home import find_postgres_home
from session_insights.errors import NoRoom
from session_insights.reports.publishing import publish_page
from session_insights.settings import Settings
from session_insights.spool import Spool
from session_insights.stages import keeping
from session_insights.store.database import Connection, connect, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.faults.conftest import Server
from tests.faults.injecting import lasting_rows
from tests.helpers import sample_profile, sync_folder

LARGE = 300_000
ROOM = 300_000  # bytes


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("only root may mount a disk")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """Take all its room but so many bytes."""
    ballast = disk / "ballast"
    room = os.statvfs(disk)
    size = room.f_bavail * room.f_frsize - leave
    with ballast.open("wb") as file:
        file.write(os.urandom(max(0, size)))
    return ballast


def files(disk: Path) -> list[str]:
    return sorted(str(path.relative_to(disk)) for path in disk.rglob("*") if path.is_file() and path.name != "ballast")


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    """Two sessions whose text does not compress."""
    root = tmp_path / "projects"
    for number in range(2):
        said = os.urandom(LARGE // 2).hex()
        records = transcript(user("do it"), assistant(said), user("thanks"), session_id=f"session-{number}")
        write_transcript(root, records)
    return root


def test_an_archive_without_room_says_so_and_is_completed_later(
    connection: Connection, small_disk: Path, projects: Path, note: list[str]
) -> None:
    settings = Settings(archive=small_disk / "archive")
    sources = [("laptop", projects)]
    ballast = fill(small_disk, leave=200_000)  # for one session, not for two
    with pytest.raises(NoRoom, match="archive has no room left: free some"):
        sync_folder(connection, projects, settings=settings)
    # What was read stays, and what was archived is whole.
    [read] = execute(connection, "select count(*) as n from insights.claude_sessions")
    assert read["n"] == 2
    kept = files(small_disk)
    assert not [name for name in kept if name.endswith(".tmp")]
    ballast.unlink()
    keeping.archive_earlier(connection, sources, settings=settings)
    [row] = execute(connection, "select count(*) as n from insights.transcript_archive")
    assert row["n"] == 2
    assert len([name for name in files(small_disk) if name.endswith(".zst")]) == 2
    execute(connection, "truncate insights.claude_sessions cascade")
    answer = keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=1)
    assert (answer["read_count"], answer["failed_count"]) == (2, 0)
    note.append(
        "| disk of the archive full | once | one line names the folder; nothing half-written | 0: the next sync |"
    )


def test_temporary_files_without_room_are_no_file_that_is_gone(
    connection: Connection, small_disk: Path, projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is compressed there first: not to have room is no reason to pass it over."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    ballast = fill(small_disk)
    settings = Settings(archive=tmp_path / "archive")
    with pytest.raises(NoRoom, match="disk has no room left"):
        sync_folder(connection, projects, settings=settings)
    ballast.unlink()
    counts = keeping.archive_earlier(connection, [("laptop", projects)], settings=settings)
    assert counts["archived_count"] == 2


def test_a_transcript_that_found_no_room_to_wait_is_read_by_the_next_sync(
    connection: Connection, small_disk: Path, projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    monkeypatch.setattr(
        Spool, "__init__", lambda self, *, memory_bytes, _make=Spool.__init__: _make(self, memory_bytes=1)
    )
    ballast = fill(small_disk)
    counts = sync_folder(connection, projects)
    assert (counts["read_count"], counts["failed_count"]) == (0, 2)
    rows = execute(connection, "select error from insights.transcript_files")
    assert all("disk has no room left: free some there" in row["error"] for row in rows)
    ballast.unlink()
    counts = sync_folder(connection, projects)
    assert (counts["read_count"], counts["failed_count"]) == (2, 0)
    assert files(small_disk) == []


def test_a_report_without_room_leaves_the_page_that_was_there(small_disk: Path, note: list[str]) -> None:
    target = publish_page("the old page", "weekly.html", reports_dir=small_disk / "reports")
    ballast = fill(small_disk)
    with pytest.raises(NoRoom, match="reports has no room left"):
        publish_page("x" * LARGE, "weekly.html", reports_dir=small_disk / "reports")
    assert target.read_text() == "the old page"
    assert files(small_disk) == ["reports/weekly.html"]
    ballast.unlink()
    publish_page("x" * LARGE, "weekly.html", reports_dir=small_disk / "reports")
    assert target.read_text() == "x" * LARGE
    note.append("| disk of the reports full | once | one line names the folder; the old page stays | 0: the next run |")


@pytest.fixture
def small_tablespace(server: Server) -> Iterator[Path]:
    """32 megabytes for a database."""
    home = find_postgres_home(server.state_dir)
    place = Path(tempfile.mkdtemp(dir=home.folder, prefix="tablespace-"))
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("only root may mount a disk")
    if home.user is not None:
        os.chown(place, home.user.pw_uid, home.user.pw_gid)
    with psycopg.connect(server.cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create tablespace small location '{place}'".encode())
        yield place
        admin.execute("drop tablespace small")
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_database_without_room_loses_nothing_and_goes_on(
    server: Server, migrated: str, small_tablespace: Path, tmp_path: Path, note: list[str]
) -> None:
    projects = tmp_path / "projects"
    for number in range(2):
        turns = [turn for _ in range(200) for turn in (user(os.urandom(1000).hex()), assistant("Done."))]
        write_transcript(projects, transcript(*turns, session_id=f"session-{number}"))
    whole = server.make_database(migrated)
    with closing(connect(whole)) as connection:
        sync_folder(connection, projects)
        expected = lasting_rows(connection)
    url = server.make_database(migrated, "small")
    try:
        with closing(connect(url)) as connection:
            # Room for the first rows of a batch, not for all: what was written before the disk was full goes too.
            ballast = fill(small_tablespace, leave=ROOM)
            with pytest.raises(psycopg.errors.DiskFull, match="No space left on device"):
                sync_folder(connection, projects)
            assert lasting_rows(connection)["claude_sessions"] == []
            ballast.unlink()
            # The same connection goes on.
            sync_folder(connection, projects)
            assert lasting_rows(connection) == expected
    finally:
        (small_tablespace / "ballast").unlink(missing_ok=True)
        server.drop_database(url)
        server.drop_database(whole)
    note.append("| disk of Postgres full | once | the server's own words; nothing half-written | 0: the next sync |")
