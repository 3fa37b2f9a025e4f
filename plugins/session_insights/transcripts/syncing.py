"""What has changed since the last look, and reading it side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.transcripts.parsing import parse_file

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
    """Each file with what it gives, or why it cannot be read. Order is not kept."""
    read = partial(_read, entry_characters=entry_characters)
    if processes <= 1 or len(files) < 2:
        yield from map(read, files)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(read, files, chunksize=max(1, min(16, len(files) // (processes * 8))))


def _read(file: TranscriptFile, *, entry_characters: int) -> tuple[TranscriptFile, ParsedFile | str]:
    try:
        return file, parse_file(file, entry_characters=entry_characters)
    except UnreadableTranscript as error:
        return file, str(error)


def batches(items: Iterable[ParsedFile], *, entries: int) -> Iterator[list[ParsedFile]]:
    """Groups of files with about as many entries, each one transaction."""
    batch: list[ParsedFile] = []
    size = 0
    for item in items:
        batch.append(item)
        size += 1 + sum(len(session.entries) + len(session.messages) for session in item.sessions)
        if size >= entries:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
