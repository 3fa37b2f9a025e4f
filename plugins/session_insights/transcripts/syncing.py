"""What has changed since the last look, and reading it side by side."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, ParsedSession, TranscriptFile
from session_insights.store.packing import pack_file
from session_insights.transcripts.copies import Fetch, discard, on_disk
from session_insights.transcripts.parsing import parse_file

_TASK_BYTES = 4 * 1024 * 1024
_TASK_FILES = 32
_AHEAD = 2  # tasks a process: one in hand and one waiting
_FETCHERS = 8  # tasks whose bytes are on their way

Item = TypeVar("Item")
Result = TypeVar("Result")
# Of each item, where its bytes are on this disk or why they cannot be had.
Fetched = list[tuple[Item, Path | str]]
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
    files: list[TranscriptFile], *, entry_characters: int, processes: int, fetch: Fetch = on_disk
) -> Iterator[tuple[TranscriptFile, ParsedFile | str]]:
    """Each file with what it gives, or why it cannot be read. Order is not kept."""
    tasks = _tasks(files)
    if fetch is on_disk:
        fetched: Iterator[Fetched[TranscriptFile]] = ([(file, Path(file.path)) for file in task] for task in tasks)
    else:
        fetched = fetch_ahead(tasks, fetch)
    read = partial(_read, entry_characters=entry_characters)
    return side_by_side(fetched, read, processes=processes if len(files) > 1 else 1)


def side_by_side(
    tasks: Iterator[Fetched[Item]], read: Callable[[Item, Path | str], Result], *, processes: int
) -> Iterator[Result]:
    """What `read` gives for each item, in other processes. Order is not kept.

    Few results wait for the caller at any moment, however many items there are.
    """
    if processes <= 1:
        for task in tasks:
            yield from (read(item, place) for item, place in task)
        return
    with ProcessPoolExecutor(processes) as pool:
        # Now, while no thread fetches: a process that is forked off keeps the locks of threads as they are.
        pool.submit(_read_all, read, []).result()
        running = {pool.submit(_read_all, read, task) for task in islice(tasks, processes * _AHEAD)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            first = done.pop()
            running.remove(first)
            running |= {pool.submit(_read_all, read, task) for task in islice(tasks, 1)}
            yield from first.result()


def fetch_ahead(tasks: Iterator[list[Item]], fetch: Callable[[Item], Path | str]) -> Iterator[Fetched[Item]]:
    """Bring the bytes of a few tasks to this disk while others are read. Order is kept."""

    def fetch_all(task: list[Item]) -> Fetched[Item]:
        return [(item, fetch(item)) for item in task]

    with ThreadPoolExecutor(_FETCHERS) as pool:
        waiting = deque(pool.submit(fetch_all, task) for task in islice(tasks, _FETCHERS))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(fetch_all, task) for task in islice(tasks, 1))


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


def _read_all(read: Callable[[Item, Path | str], Result], task: Fetched[Item]) -> list[Result]:
    return [read(item, place) for item, place in task]


def _read(file: TranscriptFile, place: Path | str, *, entry_characters: int) -> tuple[TranscriptFile, ParsedFile | str]:
    if isinstance(place, str):
        return file, place
    try:
        return file, pack_file(parse_file(file, entry_characters=entry_characters, place=place))
    except UnreadableTranscript as error:
        return file, str(error)
    finally:
        discard(file, place)


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
        return session.packed.entry_count + len(session.packed.messages)
    return len(session.entries) + len(session.messages)
