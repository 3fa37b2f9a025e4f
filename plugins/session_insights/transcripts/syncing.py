"""What has changed since the last look, and reading it side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, ParsedSession, TranscriptFile
from session_insights.transcripts.parsing import parse_file

_TASK_BYTES = 4 * 1024 * 1024
_TASK_FILES = 32
_AHEAD = 2  # tasks a process: one in hand and one waiting

Ledger = dict[tuple[str, str], tuple[int, int, str]]


def changed_files(found: list[TranscriptFile], ledger: Ledger) -> list[TranscriptFile]:
    """Files that are new, grew, were rewritten, came back, or failed last time; largest first."""
    changed = [
        file for file in found if ledger.get((file.machine, file.path)) != (file.size_bytes, file.mtime_ns, "read")
    ]
    return sorted(changed, key=lambda file: (-file.size_bytes, file.path))


def vanished_paths(found: list[TranscriptFile], ledger: Ledger, machine: str, root: str) -> list[str]:
    """Paths below `root` that were read once and are gone."""
    here = {file.path for file in found}
    below = root.rstrip(os.sep) + os.sep
    return [
        path
        for (known_machine, path), (_, _, state) in ledger.items()
        if known_machine == machine and state != "vanished" and path.startswith(below) and path not in here
    ]


def read_files(
    files: list[TranscriptFile], *, entry_characters: int, processes: int
) -> Iterator[tuple[TranscriptFile, ParsedFile | str]]:
    """Each file with what it gives, or why it cannot be read. Order is not kept.

    Few results wait for the caller at any moment, however many files there are.
    """
    tasks = _tasks(files)
    if processes <= 1 or len(files) < 2:
        for task in tasks:
            for file in task:
                yield _read(file, entry_characters)
        return
    with ProcessPoolExecutor(processes) as pool:
        running = {pool.submit(_read_all, task, entry_characters) for task in islice(tasks, processes * _AHEAD)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            first = done.pop()
            running.remove(first)
            running |= {pool.submit(_read_all, task, entry_characters) for task in islice(tasks, 1)}
            yield from first.result()


def _tasks(files: list[TranscriptFile]) -> Iterator[list[TranscriptFile]]:
    """What one process reads before it answers: a big file, or several small ones."""
    task: list[TranscriptFile] = []
    size = 0
    for file in files:
        task.append(file)
        size += file.size_bytes
        if size >= _TASK_BYTES or len(task) == _TASK_FILES:
            yield task
            task, size = [], 0
    if task:
        yield task


def _read_all(files: list[TranscriptFile], entry_characters: int) -> list[tuple[TranscriptFile, ParsedFile | str]]:
    return [_read(file, entry_characters) for file in files]


def _read(file: TranscriptFile, entry_characters: int) -> tuple[TranscriptFile, ParsedFile | str]:
    try:
        return file, parse_file(file, entry_characters=entry_characters, is_packed=True)
    except UnreadableTranscript as error:
        return file, str(error)


def batches(items: Iterable[ParsedFile], *, entries: int) -> Iterator[list[ParsedFile]]:
    """Groups of files with about as many entries, each one transaction."""
    batch: list[ParsedFile] = []
    size = 0
    for item in items:
        batch.append(item)
        size += 1 + sum(_row_count(session) for session in item.sessions)
        if size >= entries:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _row_count(session: ParsedSession) -> int:
    if session.packed is not None:
        return session.packed.entry_count + session.packed.message_count
    return len(session.entries) + len(session.messages)
