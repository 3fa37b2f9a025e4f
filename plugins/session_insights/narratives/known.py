"""What may be said: every quantity of the figures, and those that follow from them in the ways we write.

Each way of writing a quantity has its own set: a count never vouches for a share, nor a share for a sum of money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from session_insights.narratives.month_quantities import list_month_quantities
from session_insights.narratives.quantities import Quantity, Way, list_quantities, shared_label
from session_insights.narratives.subject import plain
from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.windows import Window
from session_insights.wording import MONTHS, half_up

_TEXTS = ("title", "project", "summary", "detail", "error")
_NAMES = ("business", "priority_matched", "person", "skill", "tool", "model", "workflow_type", "finding")
_SHORTENED = (40, 60, 80, 120)


@dataclass
class Known:
    """Allowed quantities by the way they are written, and the texts that may be quoted."""

    values: dict[Way, set[float]] = field(default_factory=lambda: {way: set() for way in Way})
    days: set[tuple[int, int]] = field(default_factory=set)  # day and month
    times: set[str] = field(default_factory=set)  # 10:12
    session_ids: set[str] = field(default_factory=set)
    shares: set[tuple[str, float]] = field(default_factory=set)  # what it is of, percent
    texts: set[str] = field(default_factory=set)  # numbers inside a title or a name are quoted, not stated

    def add(self, way: Way, value: float) -> None:
        self.values[way].add(_rounded(way, value))

    def has(self, way: Way, value: float) -> bool:
        return _rounded(way, value) in self.values[way]

    def has_money(self, words: str) -> bool:
        """$57.80, $58, $0.089: a sum is known in each way of rounding it."""
        digits = len(words.partition(".")[2])
        value = round(float(words), digits)
        return any(abs(_half_away(known, digits) - value) < 1e-9 for known in self.values[Way.MONEY])

    def has_days(self, words: str) -> bool:
        """15 to 21 November, 22 Nov 2026."""
        month = next(n for n, name in enumerate(MONTHS, 1) if name[:3].lower() in words.lower())
        return all((int(day), month) in self.days for day in re.findall(r"\b\d{1,2}\b", words))

    @cached_property
    def _quoted(self) -> re.Pattern[str] | None:
        """Titles and names with a letter in them: a session called “42” vouches for nothing."""
        forms = {plain(text, most) for text in self.texts for most in _SHORTENED} | self.texts
        words = sorted(
            (word for word in forms if len(word) > 2 and re.search(r"[^\W\d_]", word)), key=len, reverse=True
        )
        return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)") if words else None

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word of the texts and names, in lower case: what a sentence may call something or somebody."""
        return frozenset(word.lower() for text in self.texts for word in re.findall(r"[^\W\d_]+", text))

    def mask(self, text: str) -> str:
        """The text with titles and names of the figures made invisible, of the same length."""
        return self._quoted.sub(lambda found: "x" * len(found[0]), text) if self._quoted else text


def _rounded(way: Way, value: float) -> float:
    return round(value, 1) if way in (Way.RATE, Way.MILLIONS) else value if way is Way.MONEY else float(half_up(value))


def _half_away(value: float, digits: int) -> float:
    scale = float(10**digits)
    return half_up(value * scale) / scale


def collect_known(figures: Figures, profile: Profile, window: Window) -> Known:
    """Quantities of both windows, and how each has changed from the one to the other."""
    known = Known()
    now, was = (
        _by_key([*list_quantities(rows, profile), *list_month_quantities(rows, profile)])
        for rows in (figures.current, figures.previous)
    )
    for quantity in [*now.values(), *was.values()]:
        known.add(quantity.way, quantity.value)
    known.shares = {
        (label, quantity.value)
        for quantity in now.values()
        if quantity.way is Way.PERCENT and (label := shared_label(quantity.key))
    }
    for key in {*now, *was}:
        both = [_rounded(side[key].way, side[key].value) if key in side else 0.0 for side in (now, was)]
        known.add((now.get(key) or was[key]).way, abs(both[0] - both[1]))
    for aggregates in (figures.current, figures.previous):
        _collect_texts(known, aggregates, profile)
    known.texts |= {business.slug for business in profile.businesses} | {skill.name for skill in profile.skills}
    known.texts |= {text for priority in profile.priorities for text in (priority.slug, priority.label)}
    known.texts |= {person.name for person in profile.people} | {skill.when for skill in profile.skills}
    known.texts |= {alias for person in profile.people for alias in person.aliases} | {profile.owner}
    known.texts |= {person.about for person in profile.people} | {business.about for business in profile.businesses}
    first = min(window.previous().start, window.end - timedelta(days=56))
    for n in range((window.end - first).days + len(window.days) + 1):
        day = first + timedelta(days=n)
        known.days.add((day.day, day.month))
    return known


def _by_key(quantities: list[Quantity]) -> dict[tuple[Way, str], Quantity]:
    return {(quantity.way, quantity.key): quantity for quantity in quantities}


def _collect_texts(known: Known, value: Any, profile: Profile, column: str = "") -> None:
    """Every string of the figures, however deep it stands."""
    if isinstance(value, dict):
        for name, item in value.items():
            _collect_texts(known, item, profile, str(name))
    elif isinstance(value, list):
        for item in value:
            _collect_texts(known, item, profile, column)
    elif isinstance(value, str):
        _collect_text(known, column, value, profile)


def _collect_text(known: Known, column: str, value: str, profile: Profile) -> None:
    if column == "session_id":
        known.session_ids.add(value.lower())
    elif column == "started_at":
        at = datetime.fromisoformat(value)
        local = at.astimezone(profile.zone) if at.tzinfo else at
        known.days.add((local.day, local.month))
        known.times.add(f"{local:%H:%M}")
    elif column in _NAMES:
        known.texts |= {value, value.partition(":")[2], value.removesuffix(" (MCP)")}
    elif column in _TEXTS:
        known.texts.add(value)
        if column in ("summary", "detail"):
            # What a session's own account counts may be retold: “64 pages”.
            for number in re.findall(r"(?<![\d.,])\d{1,6}(?![\d.,]*\d)", value):
                known.add(Way.COUNT, float(number))
