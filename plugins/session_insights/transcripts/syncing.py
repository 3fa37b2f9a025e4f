"""What has changed since the last look, and reading it side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, ParsedSession, TranscriptFile
from session_insights.transcripts.copies import Fetch, discard, on_disk
from session_insights.transcripts.parsing import parse_file
from session_insights.transcripts.workers import KILLED, Fetched, fetch_ahead, name_fault, side_by_side

_TASK_BYTES = 4 * 1024 * 1024
_TASK_FILES = 32


class Fault(str):
    """Why a file cannot be read: a fault of ours, which the same bytes meet each time."""

    __slots__ = ()


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


def read_files(
    files: list[TranscriptFile], *, entry_characters: int, processes: int, fetch: Fetch = on_disk
) -> Iterator[Result]:
    """Each file with what it gives, or why it cannot be read. Order is not kept."""
    tasks = _tasks(files)
    if fetch is on_disk:
        fetched: Iterator[Fetched[TranscriptFile]] = ([(file, Path(file.path)) for file in task] for task in tasks)
    else:
        fetched = fetch_ahead(tasks, fetch)
    return side_by_side(
        fetched,
        partial(_read, entry_characters=entry_characters),
        processes=processes if len(files) > 1 else 1,
        killed=lambda file: (file, f"{file.path}: {KILLED}"),
    )


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


def _read(file: TranscriptFile, place: Path | str, *, entry_characters: int) -> Result:
    if isinstance(place, str):
        return file, place
    try:
        return file, parse_file(file, entry_characters=entry_characters, place=place, is_packed=True)
    except UnreadableTranscript as error:
        return file, str(error)
    except MemoryError as error:  # may pass, when others need less
        return file, f"{file.path}: {name_fault(error)}"
    except Exception as error:  # a fault of ours, in one file
        return file, Fault(f"{file.path}: {name_fault(error)}")
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
        return session.packed.entry_count + session.packed.message_count
    return len(session.entries) + len(session.messages)
