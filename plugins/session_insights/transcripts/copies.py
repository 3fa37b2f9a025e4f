"""The bytes of a transcript as a file of this disk, wherever the transcript is kept."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from session_insights.bucket import Bucket, ClientMaker, UnreadableObject
from session_insights.locations import is_in_bucket, split_object_path
from session_insights.records import TranscriptFile
from session_insights.transcripts.files import META, meta_path

# Where a file's bytes are on this disk, or why they cannot be had.
Fetch = Callable[[TranscriptFile], Path | str]
_FOLDERS = "session-insights-copies-"
_YOUNG_SECONDS = 60


def on_disk(file: TranscriptFile) -> Path | str:
    """Where its name says."""
    return Path(file.path)


@contextmanager
def copies_of(files: Sequence[TranscriptFile], s3: ClientMaker) -> Iterator[Fetch]:
    """Fetch files one by one, from several threads if need be; a file of this disk is where it is.

    Whoever is done with a file calls `discard`; what is left goes when the block ends.
    """
    if not any(is_in_bucket(file.path) for file in files):
        yield on_disk
        return
    client, numbers = s3(), itertools.count()
    with private_folder() as folder:

        def fetch(file: TranscriptFile) -> Path | str:
            if not is_in_bucket(file.path):
                return on_disk(file)
            # The name is ours: what a key says never becomes a path of this disk.
            copy = folder / f"{next(numbers)}.jsonl"
            address, key = split_object_path(file.path)
            bucket = Bucket(client, address, "SESSION_INSIGHTS_SOURCES")
            try:
                bucket.download(key, copy)
            except UnreadableObject as error:
                return str(error)
            if file.agent_id is not None:
                try:
                    bucket.download(key.removesuffix(".jsonl") + META, meta_path(copy))
                except UnreadableObject:
                    meta_path(copy).unlink(missing_ok=True)
            return copy

        yield fetch


def discard(file: TranscriptFile, place: Path) -> None:
    """Delete the copy of a file; the file itself stays."""
    if str(place) != file.path:
        place.unlink(missing_ok=True)
        meta_path(place).unlink(missing_ok=True)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for transcripts that are not masked. What a killed process left is deleted by the next one."""
    own = f"{_FOLDERS}{os.getpid()}-"
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        if not left.name.startswith(own) and _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=own) as made, (Path(made) / "lock").open("w") as lock:
        # A lock of this process alone: the processes that it starts do not keep it when it is killed.
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield Path(made)


def _is_abandoned(folder: Path) -> bool:
    """Ours, not just made, and nobody holds its lock."""
    try:
        seen = folder.lstat()
        if seen.st_uid != os.getuid() or time.time() - seen.st_mtime < _YOUNG_SECONDS:
            return False
        with (folder / "lock").open("a") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True  # killed before it had one
    except OSError:
        return False
    return True
