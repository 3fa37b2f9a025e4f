"""One function a task: composes rooms, returns ids and counts, never text of a transcript."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from session_insights.profile import Profile
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.settings import Settings
from session_insights.store import transcripts as store
from session_insights.store.database import Connection
from session_insights.transcripts.files import find_transcripts
from session_insights.transcripts.syncing import batches, changed_files, read_files, vanished_paths

Progress = Callable[[str], None]
_BATCH_ENTRIES = 5_000


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
    if processes is None:
        processes = settings.sync_processes or os.cpu_count() or 1

    def readable() -> Iterator[ParsedFile]:
        for file, result in read_files(files, entry_characters=settings.entry_characters, processes=processes):
            if isinstance(result, str):
                counts["failed_count"] += 1
                store.save_failure(connection, file, result)
                progress(f"not read: {result}")
            else:
                yield result

    for batch in batches(readable(), entries=_BATCH_ENTRIES):
        sessions = store.save_files(connection, batch, time_zone=profile.time_zone)
        counts["read_count"] += len(batch)
        counts["session_count"] += len(sessions)
        counts["read_bytes"] += sum(item.read_bytes for item in batch)
        counts["bad_line_count"] += sum(len(item.bad_lines) for item in batch)
        progress(f"{counts['read_count']} of {len(files)} files, {counts['read_bytes'] / 1e6:,.0f} MB")
    store.recut_days(connection, time_zone=profile.time_zone)
    return counts
