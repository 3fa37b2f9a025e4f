"""Logs on this machine's disks: which go, which stay, and that who is writing one goes on."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from session_insights.settings import Settings
from session_insights.stages.logs import delete_logs

OURS = "dag_id=insights_session_sync/run_id=scheduled__1/task_id=find_transcripts/attempt=1.log"
DAY = 86_400


def write(path: Path, *, days_ago: float = 0, text: str = "a line\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    at = time.time() - days_ago * DAY
    os.utime(path, (at, at))
    return path


@pytest.fixture
def settings() -> Settings:
    return Settings(log_days=30)


def test_old_logs_of_our_dags_go_and_all_others_stay(tmp_path: Path, settings: Settings) -> None:
    old = [
        write(tmp_path / OURS, days_ago=31),
        write(tmp_path / "dag_processor" / "2026-01-01" / "dags-folder" / "insights_setup.py.log", days_ago=31),
    ]
    kept = [
        write(tmp_path / OURS.replace("attempt=1", "attempt=2"), days_ago=29),
        write(tmp_path / "dag_id=payroll" / "run_id=1" / "task_id=pay" / "attempt=1.log", days_ago=400),
        write(tmp_path / "dag_processor" / "2026-01-01" / "dags-folder" / "payroll.py.log", days_ago=400),
        write(tmp_path / OURS.replace("attempt=1.log", "notes.txt"), days_ago=400),
    ]
    assert delete_logs(tmp_path, settings=settings, dry_run=True)["file_count"] == 2
    assert all(path.exists() for path in old)
    done = delete_logs(tmp_path, settings=settings)
    assert done["summary"] == "2 logs deleted: older than 30 days (0.0 MB)."
    assert [path.exists() for path in old + kept] == [False] * 2 + [True] * 4


def test_folders_that_have_been_empty_for_a_day_go_and_a_new_one_stays(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path / OURS, days_ago=31)
    delete_logs(tmp_path, settings=settings)
    folders = [(tmp_path / OURS).parents[number] for number in range(3)]
    new = tmp_path / "dag_id=insights_setup" / "run_id=1" / "task_id=migrate"
    new.mkdir(parents=True)
    for folder in folders:
        assert folder.exists()
    for _ in folders:
        for folder in folders:
            if folder.exists():
                os.utime(folder, (0, 0))
        delete_logs(tmp_path, settings=settings)
    assert not any(folder.exists() for folder in folders)
    assert new.exists()


def test_the_log_of_a_process_that_never_ends_is_shortened_while_it_writes(tmp_path: Path, settings: Settings) -> None:
    servers = tmp_path / "servers"
    log = write(servers / "scheduler.log", text="x" * 19_999_999 + "\n")
    short = write(servers / "triggerer.log")
    with log.open("ab") as process:
        process.write(b"the last line\n")
        process.flush()
        done = delete_logs(tmp_path / "none", settings=settings, servers=servers)
        assert done["shortened_count"] == 1
        process.write(b"a new line\n")
    assert log.read_bytes() == b"a new line\n"
    previous = (servers / "scheduler.previous.log").read_bytes()
    assert len(previous) == 1_000_000
    assert previous.endswith(b"\nthe last line\n")
    assert short.read_text() == "a line\n"
    assert delete_logs(tmp_path / "none", settings=settings, servers=servers)["shortened_count"] == 0


def test_without_a_number_of_days_every_log_is_kept(tmp_path: Path) -> None:
    old = write(tmp_path / OURS, days_ago=4000)
    assert delete_logs(tmp_path, settings=Settings(log_days=None))["summary"] == "Every log is kept."
    assert old.exists()
