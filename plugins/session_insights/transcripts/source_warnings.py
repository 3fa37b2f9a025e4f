"""Sources that have stopped giving files, and files that Claude Code deletes before they are safe."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from session_insights.records import TranscriptFile
from session_insights.transcripts.syncing import Ledger

_RETENTION_DAYS = 30  # transcript-format §1: Claude Code's default for cleanupPeriodDays
_LONGEST_DAYS = 36_500
_NOTICE = timedelta(days=5)
# A source is active when its files changed on this many days of the last two weeks of its life.
_ACTIVE_DAYS = 3
_LIFE = timedelta(days=14)


class SourceWarning(TypedDict):
    """What somebody should know about a source."""

    kind: str  # source_missing, source_empty, source_stopped, unread_files_expire or unarchived_files_expire
    source: str  # machine=path
    detail: str  # what is so, and the remedy
    since: str | None  # ISO 8601, UTC; null when no file of the source is known


@dataclass(frozen=True)
class SourceLook:
    """What one look at a source gave."""

    machine: str
    root: str
    files: list[TranscriptFile]
    problem: str | None  # why it cannot be listed
    retention_days: int | None  # None: nothing deletes files there, as in a bucket


def find_retention_days(root: Path) -> int:
    """Days after which Claude Code deletes a transcript that nothing touched, from the settings beside its folder."""
    try:
        told = json.loads((root.parent / "settings.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return _RETENTION_DAYS
    days = told.get("cleanupPeriodDays") if isinstance(told, dict) else None
    # Claude Code refuses anything below 1.
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        return _RETENTION_DAYS
    return min(days, _LONGEST_DAYS)


def build_source_warnings(
    looks: list[SourceLook],
    ledger: Ledger,
    unarchived: Collection[tuple[str, str]],
    *,
    now: datetime,
    stopped_days: int,
) -> list[SourceWarning]:
    """What is wrong with each source, in their order; nothing for one that has never given a file.

    Args:
        unarchived: (machine, path) of files that were read and whose bytes are not in the archive.
        stopped_days: Days without a new or changed file after which an active source counts as stopped. A file's time
            of change is what counts: a copy that keeps old times is not new.
    """
    return [warning for look in looks for warning in _warn(look, ledger, unarchived, now, stopped_days)]


def _warn(
    look: SourceLook, ledger: Ledger, unarchived: Collection[tuple[str, str]], now: datetime, stopped_days: int
) -> list[SourceWarning]:
    below = look.root.rstrip(os.sep) + os.sep
    known = {
        path: (mtime_ns, state)
        for (machine, path), (_, mtime_ns, state) in ledger.items()
        if machine == look.machine and path.startswith(below)
    }
    changes = [mtime_ns for mtime_ns, _ in known.values()] + [file.mtime_ns for file in look.files]
    changed_at = [_moment(mtime_ns, now) for mtime_ns in changes]
    last = max(changed_at, default=None)
    expected = sum(state != "vanished" for _, state in known.values())

    def warning(kind: str, detail: str, since: datetime | None) -> SourceWarning:
        source = f"{look.machine}={look.root}"
        return {"kind": kind, "source": source, "detail": detail, "since": since.isoformat() if since else None}

    if look.problem is not None:
        return [warning("source_missing", look.problem, last)]
    if not look.files:
        detail = (
            f"no transcript is there, and {expected:,} were: mount the folder, or take it out of "
            "SESSION_INSIGHTS_SOURCES; what was read stays"
        )
        return [warning("source_empty", detail, last)] if expected else []
    found = []
    if last is not None and now - last >= timedelta(days=stopped_days) and _was_active(changed_at, last):
        detail = (
            f"no new or changed file for {(now - last).days} days: is Claude Code used there, and do its files "
            "still arrive in this folder?"
        )
        found.append(warning("source_stopped", detail, last))
    if look.retention_days is None:
        return found
    deletes = {file.path: _moment(file.mtime_ns, now) + timedelta(days=look.retention_days) for file in look.files}
    # What is long overdue is not being deleted: the folder is a copy, or its owner keeps everything.
    soon = {path: at for path, at in deletes.items() if abs(at - now) <= _NOTICE}
    unread = [path for path in soon if known.get(path, (0, "new"))[1] != "read"]
    unkept = [path for path in soon if (look.machine, path) in unarchived]
    for kind, paths, what in (
        ("unread_files_expire", unread, "not read: insights.transcript_files says why"),
        ("unarchived_files_expire", unkept, "not archived: set SESSION_INSIGHTS_ARCHIVE, then run a sync"),
    ):
        if paths:
            first = min(soon[path] for path in paths)
            files = f"{len(paths):,} files are" if len(paths) > 1 else f"{paths[0]} is"
            detail = f"Claude Code deletes files from {first:%Y-%m-%d} on; {files} {what}"
            found.append(warning(kind, detail, first - _NOTICE))
    return found


def _moment(mtime_ns: int, now: datetime) -> datetime:
    """A file's time of change; the future is now, and the absurd past is 1970."""
    seconds = min(max(mtime_ns // 1_000_000_000, 0), int(now.timestamp()))
    return datetime.fromtimestamp(seconds, UTC)


def _was_active(changed_at: list[datetime], last: datetime) -> bool:
    return len({moment.date() for moment in changed_at if last - moment < _LIFE}) >= _ACTIVE_DAYS
