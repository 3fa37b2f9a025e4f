"""What is kept of the files themselves, and what must be forgotten: archive and purge, composed from their rooms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from session_insights.bucket import Bucket, ClientMaker, ObjectStoreError, environment_client
from session_insights.errors import SettingsError
from session_insights.profile import Profile
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.reports.publishing import delete_pages, delete_uploads
from session_insights.settings import Settings, Source
from session_insights.store import archive as index
from session_insights.store import purging
from session_insights.store import transcripts as store
from session_insights.store.archive import PendingFile
from session_insights.store.database import Connection
from session_insights.transcripts.archive import Archive, Archived, newest_sources, read_archived
from session_insights.transcripts.copies import copies_of, discard
from session_insights.transcripts.folder import Folder
from session_insights.transcripts.objects import find_files
from session_insights.transcripts.syncing import batches
from session_insights.windows import Window

Progress = Callable[[str], None]
_BATCH_ENTRIES = 5_000
_UPLOADERS = 8  # uploads wait for the network, so more of them than cores


def open_archive(settings: Settings, s3: ClientMaker) -> Archive | None:
    """None when no archive is set."""
    match settings.archive:
        case None:
            return None
        case Path() as folder:
            return Archive(Folder(folder.expanduser()))
        case address:
            return Archive(Bucket(s3(), address, "SESSION_INSIGHTS_ARCHIVE"))


def archive_files(
    connection: Connection,
    files: Sequence[TranscriptFile],
    *,
    settings: Settings,
    s3: ClientMaker = environment_client,
) -> dict[str, int]:
    """Keep the bytes of those of these files that were read and are not kept; nothing when no archive is set."""
    counts = {"archived_count": 0, "archived_bytes": 0}
    archive = open_archive(settings, s3) if files else None
    if archive is None:
        return counts
    known = {(file.machine, file.path): file for file in files}
    machines, paths = sorted({file.machine for file in files}), [file.path for file in files]
    pending = [p for p in index.select_pending(connection, machines, paths) if (p.machine, p.path) in known]
    versions = {(p.machine, p.path): index.load_versions(connection, p.machine, p.path) for p in pending}

    def put(wanted: PendingFile) -> tuple[PendingFile, Archived | None]:
        key = (wanted.machine, wanted.path)
        place = fetch(known[key])
        if isinstance(place, str):
            return wanted, None
        try:
            return wanted, archive.put(known[key], place, size_bytes=wanted.read_bytes, earlier=versions[key])
        finally:
            discard(known[key], place)

    # Compressing and hashing let go of the interpreter's lock, so threads use the cores.
    threads = os.cpu_count() or 1 if isinstance(settings.archive, Path) else _UPLOADERS
    pending_files = [known[(wanted.machine, wanted.path)] for wanted in pending]
    with copies_of(pending_files, s3) as fetch, ThreadPoolExecutor(threads) as pool:
        for wanted, archived in pool.map(put, pending):
            if archived is None:
                continue
            index.save_archived(connection, wanted, digest=archived.digest, stored_bytes=archived.stored_bytes)
            _drop_versions(connection, archive, wanted.machine, wanted.path, list(archived.replaced))
            counts["archived_count"] += 1
            counts["archived_bytes"] += archived.stored_bytes
    return counts


def archive_earlier(
    connection: Connection, sources: list[Source], *, settings: Settings, s3: ClientMaker = environment_client
) -> dict[str, int]:
    """Keep what was read before there was an archive."""
    if settings.archive is None:
        return {"archived_count": 0, "archived_bytes": 0}
    machines = sorted({machine for machine, _ in sources})
    pending = {(file.machine, file.path) for file in index.select_pending(connection, machines, None)}
    found: list[TranscriptFile] = []
    for machine, root in sources if pending else ():
        with suppress(SettingsError, ObjectStoreError):  # a source that is not there: the sync has said so
            found += find_files(machine, root, s3)
    return archive_files(
        connection, [file for file in found if (file.machine, file.path) in pending], settings=settings, s3=s3
    )


def _drop_versions(connection: Connection, archive: Archive, machine: str, path: str, digests: list[str]) -> None:
    index.delete_archived(connection, machine, path, digests)
    for digest in digests:
        archive.drop(machine, path, digest)


def resync_from_archive(
    connection: Connection,
    *,
    profile: Profile,
    settings: Settings,
    s3: ClientMaker = environment_client,
    processes: int | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Read every archived file again with the present parser; its rows are replaced, or made.

    Raises:
        SettingsError: There is no archive.
    """
    archive = open_archive(settings, s3)
    if archive is None:
        raise SettingsError("No archive: set SESSION_INSIGHTS_ARCHIVE to the folder or s3://bucket/prefix of one.")
    purged = purging.load_purged(connection)
    sources = newest_sources(archive.list())
    by_file = {(source.file.machine, source.file.path): source for source in sources}
    counts: dict[str, Any] = dict.fromkeys(
        ("found_count", "changed_count", "vanished_count", "read_count", "failed_count", "session_count", "read_bytes"),
        0,
    )
    counts |= {"found_count": len(sources), "changed_count": len(sources), "bad_line_count": 0}
    if processes is None:
        processes = settings.sync_processes or os.cpu_count() or 1

    def readable() -> Iterator[ParsedFile]:
        for result in read_archived(
            archive, sources, entry_characters=settings.entry_characters, processes=processes or 1
        ):
            if isinstance(result, str):
                counts["failed_count"] += 1
                progress(f"not read: {result}")
            elif (kept := strip_purged(result, purged)) is not None:
                yield kept

    for batch in batches(readable(), entries=_BATCH_ENTRIES):
        sessions = store.save_files(connection, batch, time_zone=profile.time_zone, is_reparsed=True)
        for item in batch:
            source = by_file[(item.file.machine, item.file.path)]
            kept = PendingFile(item.file.machine, item.file.path, item.file.session_id, item.read_bytes, item.digest)
            index.save_archived(connection, kept, digest=source.digest, stored_bytes=source.stored_bytes)
        counts["read_count"] += len(batch)
        counts["session_count"] += len(sessions)
        counts["read_bytes"] += sum(item.read_bytes for item in batch)
        counts["bad_line_count"] += sum(len(item.bad_lines) for item in batch)
        progress(f"{counts['read_count']} of {len(sources)} files, {counts['read_bytes'] / 1e6:,.0f} MB")
    store.recut_days(connection, time_zone=profile.time_zone)
    return counts


def without_purged(connection: Connection, files: list[TranscriptFile]) -> list[TranscriptFile]:
    """Files of sessions that nobody had deleted."""
    purged = purging.load_purged(connection)
    return [file for file in files if not purging.is_purged(file.session_id, purged)] if purged else files


def strip_purged(item: ParsedFile, purged: frozenset[str]) -> ParsedFile | None:
    """A file without what must not come back; None when it is a deleted session's own, as its records say."""
    if purging.is_purged(item.file.session_id, purged):
        return None
    sessions = tuple(s for s in item.sessions if not purging.is_purged(s.session_id, purged))
    return item if len(sessions) == len(item.sessions) else replace(item, sessions=sessions)


def purge(
    connection: Connection,
    *,
    session_ids: Sequence[str],
    person: str | None,
    with_forks: bool,
    dry_run: bool,
    profile: Profile,
    settings: Settings,
    s3: ClientMaker = environment_client,
) -> dict[str, Any]:
    """Delete sessions everywhere, or take a person's name out of what is stored.

    Raises:
        SettingsError: Neither was named.
    """
    person = (person or "").strip()
    if bool(session_ids) == bool(person):
        raise SettingsError("Name what to purge: --session-id ID (again for more) or --person NAME.")
    if person:
        plan = purging.plan_person(connection, person)
    else:
        plan = purging.plan_purge(connection, list(session_ids), with_forks=with_forks)
    if not dry_run:
        for snapshot in plan.snapshots:
            # Before the rows that know of them, so that a purge that broke off can be run again.
            delete_uploads(snapshot["uploads"], s3)
            window = Window(snapshot["period_start"], snapshot["period_end"])
            delete_pages(settings.reports_dir.expanduser(), snapshot["period_type"], window)
        if person:
            purging.replace_person(connection, person, plan)
        else:
            purging.purge_sessions(connection, plan, time_zone=profile.time_zone)
            _purge_archive(plan, open_archive(settings, s3))
    reports = [f"{snapshot['period_type']} from {snapshot['period_start']}" for snapshot in plan.snapshots]
    would = "would be " if dry_run else ""
    what = f"{would}replaced by [person]" if person else f"{would}deleted"
    summary = f"{len(plan.session_ids)} sessions: {what}. {len(plan.archived)} archived files: {would}deleted."
    if reports:
        summary += f" Reports to make again: {', '.join(reports)}."
    if plan.fork_ids:
        summary += f" The same text stands in {', '.join(plan.fork_ids)}: add --with-forks."
    if person:
        summary += " The archive and the transcripts still have the name; what is read of them later goes without it."
    return {
        "session_ids": plan.session_ids,
        "fork_ids": plan.fork_ids,
        "reports": reports,
        "archived_count": len(plan.archived),
        "dry_run": dry_run,
        "summary": summary,
    }


def _purge_archive(plan: purging.Purge, archive: Archive | None) -> None:
    if archive is None:
        return
    gone = frozenset(purging.hash_session_id(session_id) for session_id in plan.session_ids)
    for machine, path, digest in plan.archived:
        archive.drop(machine, path, digest)
    for source in archive.list():  # what the index did not know of
        if purging.is_purged(source.file.session_id, gone):
            archive.drop(source.file.machine, source.file.path, source.digest)
