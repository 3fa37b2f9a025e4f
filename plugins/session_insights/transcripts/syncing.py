"""What has changed since the last look, and reading it side by side."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from pathlib import Path

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, ParsedSession, TranscriptFile
from session_insights.transcripts.parsing import parse_file

_TASK_BYTES = 4 * 1024 * 1024
_TASK_FILES = 32
_AHEAD = 2  # tasks a process: one in hand and one waiting

Result = tuple[TranscriptFile, ParsedFile | str]
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


def read_files(files: list[TranscriptFile], *, entry_characters: int, processes: int) -> Iterator[Result]:
    """Each file with what it gives, or why it cannot be read. Order is not kept.

    Few results wait for the caller at any moment, however many files there are. A process that is killed takes the
    others of its pool with it: the files that they had in hand are read once more, each alone, and the rest goes on.
    """
    tasks = _tasks(files)
    if processes <= 1 or len(files) < 2:
        for task in tasks:
            yield from _read_all(task, entry_characters)
        return
    while True:
        in_hand: list[list[TranscriptFile]] = []
        try:
            yield from _read_in_pool(tasks, in_hand, entry_characters, processes)
            return
        except BrokenProcessPool:
            for file in chain.from_iterable(in_hand):
                yield _read_alone(file, entry_characters)


def _read_in_pool(
    tasks: Iterator[list[TranscriptFile]], in_hand: list[list[TranscriptFile]], entry_characters: int, processes: int
) -> Iterator[Result]:
    """Read until there is nothing left; `in_hand` holds the tasks whose results are not known."""
    running: dict[Future[list[Result]], list[TranscriptFile]] = {}
    with ProcessPoolExecutor(processes) as pool:

        def start(most: int) -> None:
            for task in islice(tasks, most):
                in_hand.append(task)
                running[pool.submit(_read_all, task, entry_characters)] = task

        start(processes * _AHEAD)
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            first = done.pop()
            results, task = first.result(), running.pop(first)
            del first, done  # with what they hold
            start(1)
            in_hand.remove(task)
            yield from results


def _read_alone(file: TranscriptFile, entry_characters: int) -> Result:
    with ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(_read, file, entry_characters).result()
        except BrokenProcessPool:
            return file, f"{file.path}: the process that read it was killed, twice; is there too little memory?"


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


def _read_all(files: list[TranscriptFile], entry_characters: int) -> list[Result]:
    return [_read(file, entry_characters) for file in files]


def _read(file: TranscriptFile, entry_characters: int) -> Result:
    try:
        return file, parse_file(file, entry_characters=entry_characters, is_packed=True)
    except UnreadableTranscript as error:
        return file, str(error)
    except Exception as error:
        # A fault of ours, in one file: the others can be read. Its text may quote the transcript, so it is not kept.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        return file, f"{file.path}: reading it failed with {type(error).__name__} in {where}; please report this"


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
