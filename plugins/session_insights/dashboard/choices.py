"""What an overview is about: days and sessions, as its address says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from session_insights.errors import SettingsError
from session_insights.windows import Window, parse_day

PERIODS = (7, 14, 30, 90)  # days
MOST_DAYS = 366
FILTERS = ("business", "project", "machine", "initiated_by")
UNKNOWN = "unknown"  # in an address; None in the data


@dataclass(frozen=True)
class Choice:
    """Days and filters. Equal choices show the same page."""

    window: Window
    days: int | None  # one of `PERIODS`; None: two dates
    filters: tuple[tuple[str, str], ...] = ()  # those that are on, in the order of `FILTERS`

    @property
    def session_filter(self) -> dict[str, str | None]:
        """As `insights.session_filter` takes it."""
        return {name: None if value == UNKNOWN else value for name, value in self.filters}

    def chosen(self, name: str) -> str:
        """The value of a filter; empty when it is off."""
        return dict(self.filters).get(name, "")

    def link(self, **changes: Any) -> str:
        """The query of this overview with something changed; None takes it out."""
        return "?" + _encode(dict(self.parameters()) | changes)

    def parameters(self, without: str = "") -> list[tuple[str, Any]]:
        """What a form keeps that changes one filter."""
        days = {"days": self.days} if self.days is not None else self.dates
        return [(name, value) for name, value in (days | dict(self.filters)).items() if name != without]

    def sessions(self, **more: Any) -> str:
        """The query of the session list that shows the sessions counted here."""
        return "?" + _encode(self.dates | dict(self.filters) | more)

    @property
    def dates(self) -> dict[str, Any]:
        return {"since": self.window.start.isoformat(), "until": self.window.last_day.isoformat()}


def parse_choice(query: Mapping[str, str], today: date) -> Choice:
    """An address as a person may have typed it; what is left out, or empty, does not filter.

    Raises:
        SettingsError: Names what is wrong and what can stand there.
    """
    said = {name: value.replace("\0", "").strip() for name, value in query.items()}
    said = {name: value for name, value in said.items() if value}
    allowed = ("days", "since", "until", *FILTERS)
    for name in said:
        if name not in allowed:
            raise SettingsError(f"{name}: no such filter; there are {', '.join(allowed)}.")
    filters = tuple((name, said[name][:200]) for name in FILTERS if name in said)
    since, until = parse_day(said.get("since"), "since"), parse_day(said.get("until"), "until")
    if since is None and until is None:
        days = _parse_days(said.get("days", str(PERIODS[0])))
        end = today + timedelta(days=1)
        return Choice(Window(end - timedelta(days=days), end), days, filters)
    last = until or max(today, since or today)
    first = since or last - timedelta(days=PERIODS[0] - 1)
    if not date(1970, 1, 8) <= first <= last <= date(9000, 1, 1):
        raise SettingsError(f"The days from {first} to {last}: give since ≤ until.")
    if (last - first).days >= MOST_DAYS:
        raise SettingsError(f"The days from {first} to {last} are more than {MOST_DAYS}; choose fewer.")
    return Choice(Window(first, last + timedelta(days=1)), None, filters)


def _parse_days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:4]) not in PERIODS or len(text) > 2:
        raise SettingsError(f"days: '{text[:20]}' is none of {', '.join(map(str, PERIODS))}; or give since and until.")
    return int(text)


def _encode(values: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None})
