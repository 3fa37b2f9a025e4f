"""How a quantity is said: one form for text, cards, tables and charts, so that a report never disagrees with itself."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Tone = Literal["good", "bad", "same"]
Better = Literal["more", "less"]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
UNKNOWN = "unknown"
# Control characters, marks that reverse the reading direction, and characters without width.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


@dataclass(frozen=True)
class Delta:
    """A difference as it is shown: arrow, amount and word; the colour follows the tone."""

    text: str
    tone: Tone


# Amounts ---------------------------------------------------------------------------------------------------------


def half_up(value: float) -> int:
    """Whole number as a reader rounds: halves go away from zero."""
    if not math.isfinite(value):
        return 0
    return int(value + 0.5) if value >= 0 else -int(-value + 0.5)


def number(value: float) -> str:
    """1,518."""
    return f"{half_up(value):,}"


def plural(count: float, noun: str, nouns: str | None = None) -> str:
    """1 session, 42 sessions."""
    return f"{number(count)} {noun if half_up(count) == 1 else nouns or noun + 's'}"


def spelled(count: int) -> str:
    """three; from thirteen on in figures."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else number(count)


def percent(part: float, whole: float) -> int | None:
    """Whole percent; None when there is nothing to take a share of."""
    return half_up(100 * part / whole) if whole > 0 else None


def per_ten(count: float, sessions: float) -> float | None:
    """Times per 10 sessions, one decimal."""
    return half_up(100 * count / sessions) / 10 if sessions > 0 else None


def tokens(count: float) -> str:
    """14.2 M; 812 k; 640."""
    if count >= 50_000:
        return f"{count / 1e6:,.1f} M"
    return f"{number(count / 1e3)} k" if count >= 1_000 else number(count)


def money(usd: float) -> str:
    """$57.80; below a dollar with three decimals."""
    return f"${usd:,.2f}" if usd >= 0.9995 or usd == 0 else f"${usd:.3f}"


def cents(usd: float) -> str:
    """Money in a column: always two decimals."""
    return "<$0.01" if 0 < usd < 0.005 else f"${usd:,.2f}"


def duration(minutes: float) -> str:
    """25 h 18 min; 40 min."""
    hours, rest = divmod(half_up(minutes), 60)
    return f"{hours:,} h {rest:02d} min" if hours else f"{rest} min"


def short_duration(minutes: float) -> str:
    """23 h 13; 40 min."""
    hours, rest = divmod(half_up(minutes), 60)
    return f"{hours:,} h {rest:02d}" if hours else f"{rest} min"


def clock(minutes: float) -> str:
    """5:08, for bars."""
    hours, rest = divmod(half_up(minutes), 60)
    return f"{hours}:{rest:02d}"


# Days ------------------------------------------------------------------------------------------------------------


def short_day(day: date) -> str:
    """15 Nov."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def long_day(day: date) -> str:
    """15 November."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def full_day(day: date) -> str:
    """Sunday 22 November 2026."""
    return f"{WEEKDAYS[day.weekday()]} {long_day(day)} {day.year}"


def day_range(first: date, last: date) -> str:
    """15 to 21 November; 29 November to 5 December."""
    if first == last:
        return long_day(first)
    if first.year != last.year:
        return f"{long_day(first)} {first.year} to {long_day(last)} {last.year}"
    return f"{first.day if first.month == last.month else long_day(first)} to {long_day(last)}"


def full_range(first: date, last: date) -> str:
    """15 to 21 November 2026."""
    return day_range(first, last) + (f" {last.year}" if first.year == last.year else "")


def moment(value: str | datetime, zone: ZoneInfo) -> str:
    """Mon 16 Nov, 10:12 in the reader's time zone."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = at.astimezone(zone) if at.tzinfo else at
    return f"{WEEKDAYS[local.weekday()][:3]} {short_day(local.date())}, {local:%H:%M}"


def zone_city(zone_name: str) -> str:
    """New York, of America/New_York."""
    return zone_name.rpartition("/")[2].replace("_", " ")


@dataclass(frozen=True)
class PeriodWords:
    """How a window and the one before it are called."""

    noun: str  # week
    this: str  # this week
    last: str  # last week


def period_words(first: date, end: date) -> PeriodWords:
    """`end` is the day after the last one."""
    days = (end - first).days
    if days == 7:
        return PeriodWords("week", "this week", "last week")
    if first.day == 1 and end.day == 1 and days <= 31:
        return PeriodWords("month", "this month", "last month")
    return PeriodWords("period", "this period", "the day before" if days == 1 else f"the {days} days before")


# Lists -----------------------------------------------------------------------------------------------------------


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def clean_text(text: str) -> str:
    """Text from a transcript without characters that hide something or turn the line around."""
    return _INVISIBLE.sub("", text)


def shorten(text: str, most: int) -> str:
    """One line of at most so many characters, cut at a word where there is one."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - 1]
    cut = head.rpartition(" ")[0]
    return (cut if len(cut) > most // 2 else head) + "…"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# Findings --------------------------------------------------------------------------------------------------------

_FINDINGS = {
    "wrong_approach": "Claude took the wrong approach",
    "misunderstanding": "A request was misunderstood",
    "buggy_code": "The code did not work",
    "tool_limitation": "A tool could not do it",
    "no_results": "Nothing was found",
    "loop_detected": "Claude went round in circles",
    "retry_loops": "The same call failed again and again",
}


def finding_words(finding: str) -> str:
    """A key of `top_friction` in plain words."""
    kind, _, server = finding.partition(":")
    if kind == "connector" and server:
        return f"The {server} connector failed"
    return _FINDINGS.get(finding, capital(finding.replace("_", " ")))


# Comparisons -----------------------------------------------------------------------------------------------------


def level_points(*session_counts: float) -> float:
    """Percentage points that two sessions make; smaller differences are called level."""
    smallest = min((count for count in session_counts if count > 0), default=0)
    return 200 / smallest if smallest else 100.0


def level_per_ten(*session_counts: float) -> float:
    """The same for a rate per 10 sessions, never under 0.5."""
    smallest = min((count for count in session_counts if count > 0), default=0)
    return max(0.5, half_up(200 / smallest) / 10) if smallest else 10.0


def _tone(change: float, better: Better | None, level: float) -> tuple[Tone, str]:
    if better is None:
        return "same", ""
    if abs(change) < level:
        return "same", ", about level"
    is_good = (change > 0) == (better == "more")
    return ("good", ", better") if is_good else ("bad", ", worse")


def count_delta(now: float, was: float, *, less: str = "fewer") -> Delta:
    """↑ 4 more; → same. No colour: more sessions or people is neither good nor bad."""
    change = half_up(now) - half_up(was)
    if change == 0:
        return Delta("→ same", "same")
    return Delta(f"↑ {number(change)} more" if change > 0 else f"↓ {number(-change)} {less}", "same")


def points_delta(now: int, was: int, *, better: Better | None, level: float) -> Delta:
    """↓ 7 points, worse. Shares differ in points, never in percent."""
    change = now - was
    if change == 0:
        return Delta("→ unchanged", "same")
    tone, word = _tone(change, better, level)
    unit = "point" if abs(change) == 1 else "points"
    return Delta(f"{'↑' if change > 0 else '↓'} {abs(change)} {unit}{word}", tone)


def rate_delta(now: float, was: float, *, better: Better, level: float, unit: str = "") -> Delta:
    """↑ 1.1 more, worse, of rates with one decimal."""
    change = half_up(10 * (now - was)) / 10
    if change == 0:
        return Delta("→ unchanged", "same")
    tone, word = _tone(change, better, level)
    amount = f"{'↑' if change > 0 else '↓'} {abs(change):.1f}"
    if tone == "same":
        return Delta(f"{amount}{unit}{word}", tone)
    return Delta(f"{amount} {'more' if change > 0 else 'fewer'}{unit}{word}", tone)


def duration_delta(now: float, was: float, *, better: Better | None = None, level: float = 0) -> Delta:
    """↑ 1 h 50 more, better."""
    change = half_up(now) - half_up(was)
    if change == 0:
        return Delta("→ same", "same")
    tone, word = _tone(change, better, level)
    amount = short_duration(abs(change))
    return Delta(f"↑ {amount} more{word}" if change > 0 else f"↓ {amount} less{word}", tone)


def money_delta(now: float, was: float) -> Delta:
    """↑ $6.60 more."""
    change = round(now, 2) - round(was, 2)
    if abs(change) < 0.005:
        return Delta("→ same", "same")
    return Delta(f"↑ {cents(change)} more" if change > 0 else f"↓ {cents(-change)} less", "same")


def target_delta(now: int, target: int, *, is_ceiling: bool = False, level: float) -> Delta:
    """↓ 12 points short; for everything else, a ceiling: ↑ 21 points over."""
    change = now - target
    if change == 0:
        return Delta("→ on target", "same")
    unit = "point" if abs(change) == 1 else "points"
    misses = change > 0 if is_ceiling else change < 0
    tone: Tone = "bad" if misses and abs(change) >= level else "same"
    word = ("over" if change > 0 else "under") if is_ceiling else ("over" if change > 0 else "short")
    return Delta(f"{'↑' if change > 0 else '↓'} {abs(change)} {unit} {word}", tone)
