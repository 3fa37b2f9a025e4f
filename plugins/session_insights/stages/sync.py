"""Transcripts → sessions: what changed, read and saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from session_insights.bucket import ClientMaker, ObjectStoreError, environment_client
from session_insights.errors import InsightsError, SettingsError
from session_insights.locations import Location
from session_insights.profile import Profile
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.settings import Settings, Source
from session_insights.stages.keeping import archive_earlier, archive_files, strip_purged, without_purged
from session_insights.store import archive as index
from session_insights.store import ledger
from session_insights.store import transcripts as store
from session_insights.store.database import Connection
from session_insights.store.purging import load_purged
from session_insights.transcripts.copies import copies_of
from session_insights.transcripts.files import check_root, is_gone, split_by_size
from session_insights.transcripts.objects import find_files
from session_insights.transcripts.source_warnings import (
    SourceLook,
    SourceWarning,
    build_source_warnings,
    find_retention_days,
)
from session_insights.transcripts.syncing import Fault, batches, changed_files, read_files, vanished_paths
from session_insights.transcripts.version import parser_version
from session_insights.wording import plural

Progress = Callable[[str], None]
_BATCH_ENTRIES = 5_000
_CHUNK_BYTES = 64 * 1024 * 1024
_MOST_CHUNKS = 32
# Whether a source has stopped is seen from its last files, also when they have vanished.
_REMEMBERED = timedelta(days=90)
_NO_SOURCE = "No transcripts: no ~/.claude/projects here; name a folder by SESSION_INSIGHTS_SOURCES or --source."
# What a chunk counts; a run's counts are their sums.
_COUNTS = ("read_count", "failed_count", "session_count", "read_bytes", "bad_line_count")


def find_changed(
    connection: Connection, sources: list[Source], *, s3: ClientMaker = environment_client
) -> tuple[list[TranscriptFile], dict[str, int]]:
    """Look at every source; files to read, and counts of files found, changed and vanished.

    A source that is not there is passed over, and one without any file loses none: its folder may just not be mounted.

    Raises:
        SettingsError, ObjectStoreError: Not one source is there.
    """
    known = ledger.load_ledger(connection, sorted({machine for machine, _ in sources}))
    problems: list[InsightsError] = []
    changed: list[TranscriptFile] = []
    counts = {"found_count": 0, "changed_count": 0, "vanished_count": 0}
    for machine, root in sources:
        try:
            found = find_files(machine, root, s3)
        except (SettingsError, ObjectStoreError) as error:
            problems.append(error)
            continue
        counts["found_count"] += len(found)
        gone = vanished_paths(found, known, machine, str(root))
        if isinstance(root, Path):  # a folder without any file may just not be mounted
            gone = [path for path in gone if found and is_gone(path)]
        counts["vanished_count"] += ledger.save_vanished(connection, machine, gone) if gone else 0
        changed += changed_files(found, known)
    if len(problems) == len(sources):
        text = " ".join(map(str, problems)) or _NO_SOURCE
        # What may pass is worth another try.
        raise (ObjectStoreError if any(isinstance(e, ObjectStoreError) for e in problems) else SettingsError)(text)
    changed = _without_hopeless(connection, without_purged(connection, changed))
    counts["changed_count"] = len(changed)
    return changed, counts


def _without_hopeless(connection: Connection, files: list[TranscriptFile]) -> list[TranscriptFile]:
    """Without those that this very parser failed on, as they are now.

    Everything else that failed is tried by each sync: a missing right, a disk or a network in trouble, too little
    memory. To try a hopeless one sooner than a changed parser does: clear the task that read it, or `touch` it.
    """
    if not files:
        return []
    hopeless = ledger.load_failed_for_good(connection, sorted({file.machine for file in files}), parser_version())
    return [file for file in files if (file.machine, file.path, file.size_bytes, file.mtime_ns) not in hopeless]


def sync_files(
    connection: Connection,
    files: list[TranscriptFile],
    *,
    profile: Profile,
    settings: Settings,
    s3: ClientMaker = environment_client,
    processes: int | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Read files and save what they give; a file that cannot be read is kept as failed and the others go on."""
    counts: dict[str, Any] = dict.fromkeys(_COUNTS, 0)
    purged = load_purged(connection)
    files = without_purged(connection, files)
    if processes is None:
        processes = settings.sync_processes or os.cpu_count() or 1

    def readable() -> Iterator[ParsedFile]:
        characters = settings.entry_characters
        with copies_of(files, s3) as fetch:
            for file, result in read_files(files, entry_characters=characters, processes=processes, fetch=fetch):
                if isinstance(result, str):
                    counts["failed_count"] += 1
                    parser = parser_version() if isinstance(result, Fault) else None
                    ledger.save_failure(connection, file, result, parser=parser)
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
    return counts | archive_files(connection, files, settings=settings, s3=s3)


def find_chunks(
    connection: Connection, sources: list[Source], *, s3: ClientMaker = environment_client
) -> tuple[list[list[TranscriptFile]], dict[str, int]]:
    """Files to read, in chunks of about equal size, and the counts of `find_changed` and of the chunks."""
    changed, counts = find_changed(connection, sources, s3=s3)
    chunks = split_by_size(changed, chunk_bytes=_CHUNK_BYTES, most=_MOST_CHUNKS)
    return chunks, counts | {"chunk_count": len(chunks)}


def check_sources(sources: list[Source], files: Sequence[TranscriptFile]) -> None:
    """Make sure that this machine sees the folders of these files, before one is called unreadable.

    Raises:
        SettingsError: A folder is not there: this machine is not the one that listed the files.
    """
    for machine, root in sources:
        if isinstance(root, Path) and any(
            file.machine == machine and Path(file.path).is_relative_to(root) for file in files
        ):
            check_root(root)


def finish_sync(
    connection: Connection, sources: list[Source], *, settings: Settings, s3: ClientMaker = environment_client
) -> list[SourceWarning]:
    """What ends a run: keep the bytes of files that were read before there was an archive, then look at each source."""
    archive_earlier(connection, sources, settings=settings, s3=s3)
    return find_source_warnings(connection, sources, settings=settings, s3=s3)


def find_source_warnings(
    connection: Connection,
    sources: list[Source],
    *,
    settings: Settings,
    s3: ClientMaker = environment_client,
    now: datetime | None = None,
) -> list[SourceWarning]:
    """Look at every source for what somebody should know: it stopped, or files go before they are safe.

    Right after a sync, when a file that is not read is one that could not be.
    """
    machines = sorted({machine for machine, _ in sources})
    unarchived = {(file.machine, file.path) for file in index.select_pending(connection, machines, None)}
    now = now or datetime.now(UTC)
    return build_source_warnings(
        [_look_at(machine, root, s3) for machine, root in sources],
        ledger.load_ledger(connection, machines, gone_since=now - timedelta(days=settings.stopped_days) - _REMEMBERED),
        unarchived,
        now=now,
        stopped_days=settings.stopped_days,
    )


def _look_at(machine: str, root: Location, s3: ClientMaker) -> SourceLook:
    retention_days = find_retention_days(root) if isinstance(root, Path) else None
    try:
        return SourceLook(machine, str(root), find_files(machine, root, s3), None, retention_days)
    except (SettingsError, ObjectStoreError) as error:
        return SourceLook(machine, str(root), [], str(error).removeprefix(f"Source {root}: "), retention_days)


def add_up(found: Mapping[str, int], chunks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of a run from those of its chunks; a chunk that failed gave none."""
    sums = {name: sum(chunk[name] for chunk in chunks) for name in _COUNTS}
    return {**found, **sums, "failed_chunk_count": found["chunk_count"] - len(chunks)}


def describe_found(counts: Mapping[str, int], warnings: Sequence[SourceWarning] = ()) -> str:
    """What a look at the sources found, in one line; then a line a warning."""
    changed = f"{counts['changed_count']:,}" if counts["changed_count"] else "none"
    gone = f", {counts['vanished_count']:,} gone" if counts["vanished_count"] else ""
    found = f"{changed} of {plural(counts['found_count'], 'file')} changed{gone}"
    return "\n".join([found, *(f"warning: {describe_warning(warning)}" for warning in warnings)])


def describe_sync(answer: Mapping[str, Any]) -> str:
    """What a run did, in one line; then a line a warning."""
    parts = [
        describe_found(answer),
        f"{plural(answer['read_count'], 'file')} read ({answer['read_bytes'] / 1e6:,.1f} MB)",
        f"{plural(answer['session_count'], 'session')} written",
    ]
    if answer["bad_line_count"]:
        parts.append(f"{plural(answer['bad_line_count'], 'bad line')} noted")
    if answer["failed_count"]:
        parts.append(f"{plural(answer['failed_count'], 'file')} could not be read: see insights.transcript_files")
    if answer.get("failed_chunk_count"):
        parts.append(
            f"{answer['failed_chunk_count']} of {plural(answer['chunk_count'], 'chunk')} failed: clear each with what "
            "follows it, to read its files again; the others are saved"
        )
    return "\n".join(["; ".join(parts), *(f"warning: {describe_warning(w)}" for w in answer.get("warnings", ()))])


def describe_warning(warning: SourceWarning) -> str:
    since = f" (since {warning['since'][:10]})" if warning["since"] else ""
    return f"{warning['source']}: {warning['detail']}{since}"
