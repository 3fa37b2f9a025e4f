"""Which transcript files there are, and what their names say. Looks at the disk, opens nothing."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from session_insights.errors import SettingsError
from session_insights.records import TranscriptFile

_log = logging.getLogger(__name__)
_AGENT = re.compile(r"^agent-([A-Za-z0-9_-]{1,64})$")
_NO_TRANSCRIPT = {"", "journal", "history"}
_NO_SESSIONS = {"tool-results", "memory"}  # folders
META = ".meta.json"
_DEEPEST = 8  # folders below a root; Claude Code nests 5


def find_transcripts(machine: str, root: Path, *, project: str | None = None) -> list[TranscriptFile]:
    """Every `*.jsonl` below a projects root, or of one folder in it, sorted by path. Links are not followed.

    Raises:
        SettingsError: The root is no folder, or may not be read.
    """
    check_root(root)
    top, depth = (root, 0) if project is None else (root / project, 1)
    if depth and top.is_symlink():
        return []
    found = []
    for entry in _walk(str(top), depth):
        name = entry.name[: -len(".jsonl")]
        if name in _NO_TRANSCRIPT:
            continue
        try:
            entry.path.encode()
            status = entry.stat(follow_symlinks=False)
        except UnicodeEncodeError:
            _log.warning("not read: %r, its name is not UTF-8; Claude Code writes no such name", entry.path)
            continue
        except OSError:
            continue  # deleted since it was listed
        session_id, parent, agent_id = identify(os.path.relpath(entry.path, root))
        changed_at = status.st_mtime_ns if agent_id is None else max(status.st_mtime_ns, _meta_changed_at(entry.path))
        found.append(TranscriptFile(machine, entry.path, status.st_size, changed_at, session_id, parent, agent_id))
    return sorted(found, key=lambda file: file.path)


def check_root(root: Path) -> None:
    """Make sure that a source is there.

    Raises:
        SettingsError: The root is no folder, or may not be read.
    """
    try:
        os.scandir(root).close()
    except OSError as error:
        raise SettingsError(
            f"Source {root}: {error.strerror}. Mount it, or name another by SESSION_INSIGHTS_SOURCES or --source."
        ) from None


def is_gone(path: str) -> bool:
    """Whether a file that was listed once is really no more: what may not be looked at is not gone."""
    try:
        return not stat.S_ISREG(os.stat(path, follow_symlinks=False).st_mode)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def meta_path(path: Path) -> Path:
    """A sub-agent's type stands in a file beside its own."""
    return path.with_name(path.name.removesuffix(".jsonl") + META)


def _meta_changed_at(path: str) -> int:
    """The file may come later."""
    try:
        # A string, not a Path: this is asked of every sub-agent in every sync.
        return os.stat(path.removesuffix(".jsonl") + META, follow_symlinks=False).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _walk(folder: str, depth: int) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if depth < _DEEPEST and entry.name not in _NO_SESSIONS:
                        yield from _walk(entry.path, depth + 1)
                elif entry.name.endswith(".jsonl") and entry.is_file(follow_symlinks=False):
                    yield entry
    except OSError:
        return  # unreadable, or deleted since it was listed


def holds_transcript(path: str) -> bool:
    """Whether a walk from the root would read this path, given with slashes and relative to the root."""
    *folders, name = path.split("/")
    return (
        name.endswith(".jsonl")
        and name.removesuffix(".jsonl") not in _NO_TRANSCRIPT
        and len(folders) <= _DEEPEST
        and _NO_SESSIONS.isdisjoint(folders)
        and not {"", ".", ".."}.intersection(folders)
    )


def identify(path: str) -> tuple[str | None, str | None, str | None]:
    """(session, parent, agent) of a path below a root.

    `<id>/subagents/**/agent-x.jsonl`, `agent-x.jsonl`, `<id>.jsonl`.
    """
    parts = Path(path).parts
    name = parts[-1].removesuffix(".jsonl")
    agent = _AGENT.match(name)
    if agent is None:
        return name, None, None
    if "subagents" in parts[1:]:
        parent = parts[len(parts) - 2 - parts[::-1].index("subagents")]
        return f"{parent}/{name}", parent, agent[1]
    return None, None, agent[1]


def split_by_size(files: list[TranscriptFile], *, chunk_bytes: int, most: int) -> list[list[TranscriptFile]]:
    """Chunks of about equal bytes, in order: as many as needed, never more than `most`."""
    total = sum(file.size_bytes for file in files)
    size = max(chunk_bytes, -(-total // most) if most else total)
    chunks: list[list[TranscriptFile]] = []
    room = 0
    for file in files:
        if not chunks or (room < file.size_bytes and len(chunks) < most):
            chunks.append([])
            room = size
        chunks[-1].append(file)
        room -= file.size_bytes
    return chunks
