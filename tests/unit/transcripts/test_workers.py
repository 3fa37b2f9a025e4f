"""A process that reads is killed, or a file finds a fault of ours: no other file is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from session_insights.records import ParsedFile, TranscriptFile
from session_insights.transcripts import syncing
from session_insights.transcripts.files import find_transcripts
from tests.building import assistant, transcript, user, write_transcript

parse_file = syncing.parse_file


def read(root: Path, *, processes: int = 2) -> tuple[list[str], dict[str, str]]:
    """Ids of the files that were read, and of those that were not with the reason."""
    results = list(syncing.read_files(find_transcripts("laptop", root), entry_characters=1000, processes=processes))
    good = sorted(str(file.session_id) for file, result in results if isinstance(result, ParsedFile))
    return good, {str(file.session_id): result for file, result in results if isinstance(result, str)}


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty files, each a task of its own."""
    monkeypatch.setattr(syncing, "_TASK_FILES", 1)
    for number in range(20):
        write_transcript(tmp_path, transcript(user("do"), assistant(), session_id=f"s{number:02}"))
    return tmp_path


def test_a_file_that_kills_its_process_is_failed_and_every_other_file_is_read(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(file: TranscriptFile, **options: Any) -> ParsedFile:
        if file.session_id in ("s03", "s11"):
            os.kill(os.getpid(), signal.SIGKILL)
        return parse_file(file, **options)

    monkeypatch.setattr(syncing, "parse_file", killed)
    good, failed = read(projects)
    assert set(failed) == {"s03", "s11"}
    assert good == [f"s{number:02}" for number in range(20) if number not in (3, 11)]
    assert set(failed) == {"s03", "s11"}
    assert all("killed, twice" in reason for reason in failed.values())


def test_a_file_whose_process_was_killed_once_is_read_the_second_time(
    projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "killed"

    def killed_once(file: TranscriptFile, **options: Any) -> ParsedFile:
        if file.session_id == "s05" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return parse_file(file, **options)

    monkeypatch.setattr(syncing, "parse_file", killed_once)
    good, failed = read(projects)
    assert (len(good), failed) == (20, {})


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("fault", [KeyError("secret words"), MemoryError(), RecursionError("deep")])
def test_a_fault_of_the_parser_is_the_failure_of_its_file_alone(
    projects: Path, monkeypatch: pytest.MonkeyPatch, processes: int, fault: Exception
) -> None:
    def faulty(file: TranscriptFile, **options: Any) -> ParsedFile:
        if file.session_id == "s07":
            raise fault
        return parse_file(file, **options)

    monkeypatch.setattr(syncing, "parse_file", faulty)
    good, failed = read(projects, processes=processes)
    assert len(good) == 19
    assert type(fault).__name__ in failed["s07"]
    assert "secret words" not in failed["s07"]


def test_ctrl_c_ends_it(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(file: TranscriptFile, **options: Any) -> ParsedFile:
        raise KeyboardInterrupt

    monkeypatch.setattr(syncing, "parse_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read(projects, processes=1)
