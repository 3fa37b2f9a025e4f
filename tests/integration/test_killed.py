"""A sync that is killed, and two at once: the next one leaves the rows of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from session_insights.store.database import Connection, execute
from tests.dumping import dump_rows, first_difference, forget_rows
from tests.helpers import sync_folder
from tests.integration.corpus import make_corpus

# Small batches: there is much between two of them, and much inside one.
PROGRAM = """
import sys
from session_insights import cli
from session_insights.stages import sync
sync._BATCH_ENTRIES = 60
sys.exit(cli.main(["sync", "--source", sys.argv[1], "--machine", "laptop"]))
"""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"), seed=5, sessions=150, megabytes=15) / "projects"


def start_sync(database_url: str, projects: Path, *, processes: int) -> subprocess.Popen[str]:
    """In a session of its own, so that its workers end with it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SESSION_INSIGHTS_")},
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "SESSION_INSIGHTS_DATABASE_URL": database_url,
        "SESSION_INSIGHTS_SYNC_PROCESSES": str(processes),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(projects)],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_lines(process: subprocess.Popen[str], lines: int) -> None:
    assert process.stderr is not None
    for _ in range(lines):
        process.stderr.readline()


def test_a_sync_killed_at_any_moment_is_completed_by_the_next(
    connection: Connection, database_url: str, projects: Path
) -> None:
    sync_folder(connection, projects)
    expected = dump_rows(connection)
    forget_rows(connection)
    chance = random.Random(9)
    was_cut_short = 0
    for round_no in range(6):
        process = start_sync(database_url, projects, processes=1 + round_no % 2)
        wait_for_lines(process, chance.randint(1, 3))
        time.sleep(chance.uniform(0, 0.03))
        os.killpg(process.pid, signal.SIGKILL)
        was_cut_short += process.wait() == -signal.SIGKILL
        assert process.stderr is not None
        process.stderr.close()
    assert was_cut_short > 0
    [left] = execute(connection, "select count(*) as n from insights.transcript_files")
    assert 0 < left["n"] < len(expected["transcript_files"])
    sync_folder(connection, projects)
    assert first_difference(dump_rows(connection), expected) is None


def test_two_syncs_at_once_leave_the_rows_of_one(connection: Connection, database_url: str, projects: Path) -> None:
    sync_folder(connection, projects)
    expected = dump_rows(connection)
    forget_rows(connection)
    both = [start_sync(database_url, projects, processes=1) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert first_difference(dump_rows(connection), expected) is None
