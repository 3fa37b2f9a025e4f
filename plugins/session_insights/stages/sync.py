"""Transcripts → sessions: what changed, read and saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from session_insights.profile import Profile
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.settings import Settings
from session_insights.stages.keeping import archive_files, strip_purged, without_purged
from session_insights.store import transcripts as store
from session_insights.store.database import Connection
from session_insights.store.purging import load_purged
from session_insights.transcripts.files import find_transcripts, split_by_size
from session_insights.transcripts.syncing import batches, changed_files, read_files, vanished_paths

Progress = Callable[[str], None]
_BATCH_ENTRIES = 5_000
_CHUNK_BYTES = 64 * 1024 * 1024
_MOST_CHUNKS = 32


def find_changed(
    connection: Connection, sources: list[tuple[str, Path]]
) -> tuple[list[TranscriptFile], dict[str, int]]:
    """Look at every source; files to read, and counts of files found, changed and vanished."""
    ledger = store.load_ledger(connection, sorted({machine for machine, _ in sources}))
    changed: list[TranscriptFile] = []
    counts = {"found_count": 0, "changed_count": 0, "vanished_count": 0}
    for machine, root in sources:
        found = find_transcripts(machine, root)
        counts["found_count"] += len(found)
        gone = vanished_paths(found, ledger, machine, str(root))
        counts["vanished_count"] += store.save_vanished(connection, machine, gone) if gone else 0
        changed += changed_files(found, ledger)
    changed = without_purged(connection, changed)
    counts["changed_count"] = len(changed)
    return changed, counts


def sync_files(
    connection: Connection,
    files: list[TranscriptFile],
    *,
    profile: Profile,
    settings: Settings,
    processes: int | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Read files and save what they give; a file that cannot be read is kept as failed and the others go on."""
    counts: dict[str, Any] = {
        "read_count": 0,
        "failed_count": 0,
        "session_count": 0,
        "read_bytes": 0,
        "bad_line_count": 0,
    }
    purged = load_purged(connection)
    files = without_purged(connection, files)
    if processes is None:
        processes = settings.sync_processes or os.cpu_count() or 1

    def readable() -> Iterator[ParsedFile]:
        for file, result in read_files(files, entry_characters=settings.entry_characters, processes=processes):
            if isinstance(result, str):
                counts["failed_count"] += 1
                store.save_failure(connection, file, result)
                progress(f"not read: {result}")
            elif (kept := strip_purged(result, purged)) is not None:
                yield kept
            elif file.session_id is None:  # known by its records alone: once is enough
                store.save_passed_over(connection, file)

    for batch in batches(readable(), entries=_BATCH_ENTRIES):
        sessions = store.save_files(connection, batch, time_zone=profile.time_zone)
        counts["read_count"] += len(batch)
        counts["session_count"] += len(sessions)
        counts["read_bytes"] += sum(item.read_bytes for item in batch)
        counts["bad_line_count"] += sum(len(item.bad_lines) for item in batch)
        progress(f"{counts['read_count']} of {len(files)} files, {counts['read_bytes'] / 1e6:,.0f} MB")
    store.recut_days(connection, time_zone=profile.time_zone)
    return counts | archive_files(connection, files, settings=settings)


def find_chunks(
    connection: Connection, sources: list[tuple[str, Path]]
) -> tuple[list[list[TranscriptFile]], dict[str, int]]:
    """Files to read, in chunks of about equal size, and the counts of `find_changed`."""
    changed, counts = find_changed(connection, sources)
    return split_by_size(changed, chunk_bytes=_CHUNK_BYTES, most=_MOST_CHUNKS), counts


def describe_found(counts: Mapping[str, int]) -> str:
    gone = f", {counts['vanished_count']} are gone" if counts["vanished_count"] else ""
    return f"{counts['found_count']:,} files, {counts['changed_count']:,} of them changed{gone}."


def describe_sync(answer: Mapping[str, Any]) -> str:
    failed = (
        f" {answer['failed_count']} files could not be read; see transcript_files." if answer["failed_count"] else ""
    )
    bad = f" {answer['bad_line_count']} bad lines were noted." if answer["bad_line_count"] else ""
    return (
        f"{describe_found(answer)} Read {answer['read_count']:,} files ({answer['read_bytes'] / 1e6:,.1f} MB), "
        f"{answer['session_count']:,} sessions written.{bad}{failed}"
    )
