"""A folder of this machine that only its owner may read, with the methods of a bucket."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from session_insights.bucket import StoredObject
from session_insights.locations import needs_room


class Folder:
    """Files below a root; folders are 0700 and files 0600."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, start: str = "") -> Iterator[StoredObject]:
        """Files whose name begins with `start`, in no order; unfinished ones are none."""
        folder, _, beginning = start.rpartition("/")
        for path in (self._root / folder).rglob(f"{beginning}*"):
            if path.is_file() and not path.name.startswith("."):
                stat = path.stat()
                changed_at = datetime.fromtimestamp(stat.st_mtime, UTC)
                name = path.relative_to(self._root).as_posix()
                yield StoredObject(name, stat.st_size, changed_at, str(stat.st_mtime_ns))

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    def download(self, name: str, target: Path) -> None:
        shutil.copyfile(self._root / name, target)

    def size(self, name: str) -> int | None:
        """None when there is no such file."""
        try:
            return (self._root / name).stat().st_size
        except FileNotFoundError:
            return None

    def put(self, name: str, body: BinaryIO) -> None:
        """Store a seekable body, whole or not at all."""
        target = self._root / name
        with needs_room(self._root):
            self._put(target, body)

    def _put(self, target: Path, body: BinaryIO) -> None:
        for folder in (self._root, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".tmp")
        try:
            body.seek(0)
            with os.fdopen(handle, "wb") as stored:
                shutil.copyfileobj(body, stored)
            Path(unfinished).replace(target)
        finally:
            Path(unfinished).unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Also when there is none."""
        (self._root / name).unlink(missing_ok=True)
