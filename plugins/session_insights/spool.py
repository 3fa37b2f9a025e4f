"""Pieces in order, in bounded memory: what is too much waits in a temporary file."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

Piece = TypeVar("Piece")


class Spool(Generic[Piece]):
    """Takes pieces one by one and gives them as often as wanted.

    The file is only this user's, and goes with its spool. Who pickles a spool gives it away: from then on the file
    goes with the copy.
    """

    def __init__(self, *, memory_bytes: int) -> None:
        self._room = memory_bytes  # for pieces that are held; the others go to the file
        self._held: list[Piece] = []
        self._path: str | None = None
        self._forget: Callable[[], Any] = lambda: None

    def append(self, piece: Piece, size_bytes: int) -> None:
        """Add a piece of about `size_bytes`."""
        self._room -= size_bytes
        if self._room >= 0:
            self._held.append(piece)
            return
        path = self._path or self._make_file()
        with Path(path).open("ab") as file:
            pickle.dump(piece, file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Piece]:
        yield from self._held
        if self._path is None:
            return
        with Path(self._path).open("rb") as file:
            while True:
                try:
                    piece = pickle.load(file)  # noqa: S301 -- our own, in a file that nobody else can write
                except EOFError:
                    return
                yield piece

    def _make_file(self) -> str:
        with tempfile.NamedTemporaryFile(prefix="session-insights-", delete=False) as file:
            self._own(file.name)
            return file.name

    def _own(self, path: str) -> None:
        self._path = path
        self._forget = weakref.finalize(self, Path(path).unlink, missing_ok=True)

    def __getstate__(self) -> tuple[int, list[Piece], str | None]:
        if isinstance(self._forget, weakref.finalize):
            self._forget.detach()
        return self._room, self._held, self._path

    def __setstate__(self, state: tuple[int, list[Piece], str | None]) -> None:
        self._room, self._held, path = state
        self._path, self._forget = None, lambda: None
        if path is not None:
            self._own(path)
