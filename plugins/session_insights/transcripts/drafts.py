"""Entries in the making, and the time that each of them took."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any

from session_insights.records import EntryKind
from session_insights.spool import Spool

LONGEST_GAP_SECONDS = 300
_NEAR = 2_000  # drafts held as they are, at least; twice as many at most
_RUN = 200_000  # moments sorted at a time
_PIECE = 5_000  # moments of a run that are read at a time


@dataclass(slots=True)
class Draft:
    """An entry in the making."""

    record_no: int
    kind: EntryKind
    at: datetime | None
    text: str
    place: int = -1  # among the drafts; what is said between them has none
    since: datetime | None = None
    is_person: bool | None = False  # None: as the session turns out
    uuid: str | None = None
    message_id: str | None = None
    tool: str | None = None
    given: dict[str, Any] | None = None  # arguments that the result needs
    file_path: str | None = None
    skill: str | None = None
    lines_added: int = 0
    lines_removed: int = 0
    commit_count: int = 0
    is_open: bool = False  # a later record may still change it
    is_confirmed: bool = False  # a command that said it ran; a refusal with its marker


class Drafts:
    """Drafts in file order. A long session's older ones wait in a file, but for those that may still change."""

    def __init__(self) -> None:
        self._older: Spool[list[Draft | int]] = Spool(memory_bytes=0)  # a number: the place of an open one
        self._open: dict[int, Draft] = {}
        # Older ones that wait no more, in file order; the newest of these have no place in the file yet.
        self._closed: Spool[list[Draft]] = Spool(memory_bytes=0)
        self._closing: list[Draft] = []
        self._near: list[Draft] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def last(self) -> Draft | None:
        return self._near[-1] if self._near else None

    def append(self, draft: Draft) -> None:
        draft.place = self._count
        self._count += 1
        self._near.append(draft)
        if len(self._near) == 2 * _NEAR:
            done, self._near = self._near[:_NEAR], self._near[_NEAR:]
            self._open |= {older.place: older for older in done if older.is_open}
            self._older.append([older.place if older.is_open else older for older in done], _NEAR)

    def close(self, draft: Draft) -> None:
        """Wait for nothing more that changes a draft; of all open ones it is the first."""
        draft.is_open = False
        if self._open.pop(draft.place, None) is not None:
            self._closing.append(draft)
            if len(self._closing) == _NEAR:
                self._closed.append(self._closing, _NEAR)
                self._closing = []

    def __iter__(self) -> Iterator[Draft]:
        closed = chain(chain.from_iterable(self._closed), self._closing)
        for piece in self._older:
            for older in piece:
                if isinstance(older, int):
                    yield self._open[older] if older in self._open else next(closed)
                else:
                    yield older
        yield from self._near


class Clock:
    """Follows the times of a file's records, which are not sorted. Those of a huge file wait in files, run by run."""

    def __init__(self) -> None:
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self._since: datetime | None = None
        self._moments = array("d")  # times of records
        self._places = array("i")  # of the entry that each of them leads to
        self._runs: list[Spool[tuple[array[float], array[int]]]] = []  # older ones, each run in order of time

    def span(self, record: dict[str, Any]) -> datetime | None:
        """The record's time, which the session's span takes in."""
        at = parse_time(record.get("timestamp"))
        if at is not None:
            self.first_at = at if self.first_at is None else min(at, self.first_at)
            self.last_at = at if self.last_at is None else max(at, self.last_at)
        return at

    def work(self, record: dict[str, Any], place: int) -> datetime | None:
        """The record's time, as one at which somebody or something worked."""
        at = self.span(record)
        if at is not None:
            self._moments.append(at.timestamp())
            self._places.append(place)
            self._since = at if self._since is None else min(at, self._since)
            if len(self._moments) == _RUN:
                self._put_away()
        return at

    def take_since(self) -> datetime | None:
        """The first time since this was asked last."""
        since, self._since = self._since, None
        return since

    def active_seconds(self, count: int) -> array[float]:
        """For each of `count` entries the time since the moment before, in order of time; pauses up to 5 minutes."""
        active = array("d", bytes(8 * count))
        if not count:
            return active
        last = count - 1
        runs = (_pairs(run) for run in self._runs)
        for (before, _), (after, place) in pairwise(heapq.merge(*runs, self._newest(), key=itemgetter(0))):
            active[min(place, last)] += min(after - before, LONGEST_GAP_SECONDS)
        return active

    def _newest(self) -> list[tuple[float, int]]:
        return sorted(zip(self._moments, self._places, strict=True), key=itemgetter(0))

    def _put_away(self) -> None:
        run: Spool[tuple[array[float], array[int]]] = Spool(memory_bytes=0)
        newest = self._newest()
        for start in range(0, len(newest), _PIECE):
            moments, places = zip(*newest[start : start + _PIECE], strict=True)
            run.append((array("d", moments), array("i", places)), 1)
        self._runs.append(run)
        self._moments, self._places = array("d"), array("i")


def _pairs(run: Spool[tuple[array[float], array[int]]]) -> Iterator[tuple[float, int]]:
    for moments, places in run:
        yield from zip(moments, places, strict=True)


def parse_time(value: Any) -> datetime | None:
    """An ISO time in UTC; None for what is no time or not of this century."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if 2000 <= at.year < 2100 else None


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2].rstrip() + " …"
