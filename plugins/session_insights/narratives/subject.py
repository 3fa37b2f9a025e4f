"""What a text is about, and the few judgements that several sections and the advice share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from session_insights.measures import WELL_COVERED, Comparison, by_key, connectors, total
from session_insights.profile import Priority, Profile
from session_insights.wording import (
    Delta,
    PeriodWords,
    finding_words,
    half_up,
    level_per_ten,
    per_ten,
    percent,
    plural,
    shorten,
)


@dataclass(frozen=True)
class Subject:
    """What a text is about."""

    seen: Comparison
    profile: Profile
    words: PeriodWords

    @property
    def read(self) -> str:
        """41 sessions, or `1 session read` where the rest was not read."""
        return plural(self.seen.now.read_count, "session")


@dataclass(frozen=True)
class Shift:
    """How a business's share of the active time moved."""

    business: str
    minutes: float
    was_minutes: float
    share: int
    was_share: int

    @property
    def points(self) -> int:
        return self.share - self.was_share

    @property
    def more_minutes(self) -> int:
        """Between the minutes as they are shown."""
        return half_up(self.minutes) - half_up(self.was_minutes)


def plain(text: str, most: int = 60) -> str:
    """A title from a transcript as it may stand in a sentence: one line, without marks of ours."""
    return shorten(text.translate({ord(sign): None for sign in "*`“”↑↓→"}), most)


def in_sentence(finding: str) -> str:
    """A finding in plain words, as they stand inside a sentence."""
    words = plain(finding_words(finding), 80)
    return words if words.startswith("Claude") else words[:1].lower() + words[1:]


def against(delta: Delta, was: str, words: PeriodWords) -> str:
    """↓ 7 points, worse than last week (71%)."""
    if delta.tone != "same":
        return f"{delta.text} than {words.last} ({was})"
    if "level" in delta.text:
        return f"{delta.text} with {words.last} ({was})"
    return f"{delta.text} from {words.last} ({was})"


def find_shifts(subject: Subject) -> list[Shift]:
    """Known businesses of both windows, the one that gained most first."""
    now = by_key(subject.seen.current, "attention_by_business", "business")
    was = by_key(subject.seen.previous, "attention_by_business", "business")
    whole = total(list(now.values()), "active_minutes")
    whole_was = total(list(was.values()), "active_minutes")
    if not all(_is_known(rows, minutes) for rows, minutes in ((now, whole), (was, whole_was))):
        return []
    shifts = []
    for slug in dict.fromkeys([*now, *was]):
        if slug is None or not whole or not whole_was:
            continue
        minutes, before = (rows.get(slug, {}).get("active_minutes") or 0 for rows in (now, was))
        shifts.append(
            Shift(plain(slug, 40), minutes, before, percent(minutes, whole) or 0, percent(before, whole_was) or 0)
        )
    return sorted(shifts, key=lambda shift: (-shift.points, shift.business))


def _is_known(rows: dict[Any, dict[str, Any]], minutes: float) -> bool:
    """Most of the time has a business: what is unknown could not turn the comparison round."""
    unknown = (rows.get(None) or {}).get("active_minutes") or 0
    return unknown <= (1 - WELL_COVERED) * minutes


@dataclass(frozen=True)
class PriorityShare:
    priority: Priority
    share: int
    target: int

    @property
    def gap(self) -> int:
        """Points below the target."""
        return self.target - self.share


def find_priority_shares(subject: Subject) -> list[PriorityShare]:
    """Priorities with a target, the one that is shortest of it first; none when nothing was read."""
    now = by_key(subject.seen.current, "priority_shares", "priority_matched")
    read = subject.seen.now.read_minutes
    if not subject.seen.now.read_count or read <= 0:
        return []
    shares = [
        PriorityShare(
            priority,
            percent(now.get(priority.slug, {}).get("active_minutes") or 0, read) or 0,
            half_up(100 * priority.target_share),
        )
        for priority in subject.profile.priorities
        if priority.target_share > 0
    ]
    return sorted(shares, key=lambda item: -item.gap)


FRICTIONS: tuple[tuple[str, str], ...] = (
    ("course_corrections", "course corrections"),
    ("mcp_failures", "connector failures"),
    ("retry_loops", "retry loops"),
    ("cut_short_count", "sessions cut short"),
)


def find_friction_changes(subject: Subject) -> list[tuple[str, float]]:
    """Kinds of friction with the change of their rate per 10 sessions, where it is more than two sessions make."""
    now, was = subject.seen.now, subject.seen.was
    if not now.read_count or not was.read_count or not subject.seen.has_past:
        return []
    level = level_per_ten(now.read_count, was.read_count)
    changes = []
    for column, name in FRICTIONS:
        count, before = getattr(now, column), getattr(was, column)
        if count is None or before is None:
            continue
        rates = per_ten(count, now.read_count), per_ten(before, was.read_count)
        change = half_up(10 * ((rates[0] or 0) - (rates[1] or 0))) / 10
        if abs(change) >= level:
            changes.append((name, change))
    return sorted(changes, key=lambda item: -abs(item[1]))


def worst_connector(seen: Comparison) -> tuple[str, dict[str, Any]] | None:
    """The server with the highest failure rate, of those that failed at least twice."""
    failing = {name: row for name, row in connectors(seen.current).items() if (row["error_count"] or 0) >= 2}
    if not failing:
        return None
    return max(failing.items(), key=lambda item: (item[1]["error_count"] / item[1]["call_count"], item[0]))
