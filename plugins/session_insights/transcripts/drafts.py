"""Entries in the making, and the time that each of them took."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from session_insights.records import EntryKind

LONGEST_GAP_SECONDS = 300


@dataclass(slots=True)
class Draft:
    """An entry in the making."""

    record_no: int
    kind: EntryKind
    at: datetime | None
    text: str
    since: datetime | None = None
    is_person: bool | None = False  # None: as the session turns out
    uuid: str | None = None
    message_id: str | None = None
    tool: str | None = None
    given: Any = None
    file_path: str | None = None
    skill: str | None = None
    pr_url: str | None = None
    lines_added: int = 0
    lines_removed: int = 0
    commit_count: int = 0
    active_seconds: float = 0.0
    is_confirmed: bool = False  # a command that said it ran; a refusal with its marker


class Clock:
    """Follows the times of a file's records, which are not sorted."""

    def __init__(self) -> None:
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self._since: datetime | None = None
        self._moments = array("d")  # times of records
        self._places = array("l")  # of the entry that each of them leads to

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
        return at

    def take_since(self) -> datetime | None:
        """The first time since this was asked last."""
        since, self._since = self._since, None
        return since

    def spread_over(self, drafts: list[Draft]) -> None:
        """Give each entry the time since the moment before, in order of time; a pause counts up to 5 minutes."""
        if not drafts:
            return
        moments, places, last = self._moments, self._places, len(drafts) - 1
        for before, after in pairwise(sorted(range(len(moments)), key=moments.__getitem__)):
            seconds = moments[after] - moments[before]
            drafts[min(places[after], last)].active_seconds += min(seconds, LONGEST_GAP_SECONDS)


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
