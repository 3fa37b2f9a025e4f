"""The eight cards of “The week in figures”."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from session_insights.measures import Comparison, Measures
from session_insights.reports.charts.sparkline import draw_sparkline
from session_insights.wording import (
    Delta,
    PeriodWords,
    cents,
    count_delta,
    duration_delta,
    half_up,
    level_per_ten,
    level_points,
    money_delta,
    number,
    per_ten,
    percent,
    points_delta,
    rate_delta,
    short_day,
    short_duration,
)

Say = Callable[[float], str]
Pick = Callable[[Measures], float | None]


@dataclass(frozen=True)
class Card:
    """`value` is pairs of a number and the lighter unit after it; empty is unknown."""

    label: str
    section: str  # where its figures are
    value: tuple[tuple[str, str], ...]
    delta: Delta | None
    was: str  # last period's value with its name, or why there is none
    sparkline: Markup
    range: str
    note: str = ""  # why the value is unknown


def build_cards(seen: Comparison, words: PeriodWords) -> list[Card]:
    """In the order of the page: volume, direction, quality, value."""
    now, was = seen.now, seen.was
    make = _Maker(seen, words)
    level = level_points(now.read_count, was.read_count)
    saved_level = 2 * (now.time_saved_minutes or 0) / (now.time_saved_known_count or 1)
    return [
        make.card("Your sessions", "attention", lambda m: m.session_count, number, count_delta, is_sum=True),
        make.card(
            "Active time", "attention", lambda m: m.active_minutes, short_duration, duration_delta, _hours, is_sum=True
        ),
        make.card(
            "Time on priorities",
            "priorities",
            _priority_percent,
            _percent,
            lambda a, b: points_delta(half_up(a), half_up(b), better="more", level=level),
            is_judged=True,
        ),
        make.card(
            "Goals reached",
            "value",
            _reached_percent,
            _percent,
            lambda a, b: points_delta(
                half_up(a), half_up(b), better="more", level=level_points(now.judged_count, was.judged_count)
            ),
            details=(
                f", {now.reached_count} of {now.judged_count}",
                f"{was.reached_count} of {was.judged_count}",
            ),
            is_judged=True,
        ),
        make.card(
            "Corrections per 10",
            "friction",
            _corrections,
            _decimal,
            lambda a, b: rate_delta(a, b, better="less", level=level_per_ten(now.read_count, was.read_count)),
            details=(f" ({number(now.course_corrections or 0)} in all)", ""),
            is_judged=True,
        ),
        make.card(
            "Time saved, at least",
            "value",
            lambda m: m.time_saved_minutes,
            short_duration,
            lambda a, b: duration_delta(a, b, better="more", level=saved_level),
            _hours,
            is_judged=True,
            is_sum=True,
        ),
        make.card("People", "people", lambda m: m.people_count, number, count_delta, is_judged=True, is_sum=True),
        make.card("Cost at list price", "attention", lambda m: m.cost_usd, cents, money_delta, _dollars, is_sum=True),
    ]


def _priority_percent(m: Measures) -> float | None:
    return None if m.priority_minutes is None else percent(m.priority_minutes, m.read_minutes)


def _reached_percent(m: Measures) -> float | None:
    return None if m.reached_count is None else percent(m.reached_count, m.judged_count)


def _corrections(m: Measures) -> float | None:
    return None if m.course_corrections is None else per_ten(m.course_corrections, m.read_count)


def _percent(value: float) -> str:
    return f"{half_up(value)}%"


def _decimal(value: float) -> str:
    return f"{value:.1f}"


def _hours(low: float, high: float) -> str:
    if high < 120:
        return f"{half_up(low)} to {half_up(high)} min"
    return f"{half_up(low / 60)} to {half_up(high / 60)} h"


def _dollars(low: float, high: float) -> str:
    return f"${half_up(low):,} to ${half_up(high):,}" if high >= 2 else f"{cents(low)} to {cents(high)}"


@dataclass(frozen=True)
class _Maker:
    seen: Comparison
    words: PeriodWords

    def card(
        self,
        label: str,
        section: str,
        pick: Pick,
        say: Say,
        delta: Callable[[float, float], Delta],
        say_range: Callable[[float, float], str] | None = None,
        *,
        details: tuple[str, str] = ("", ""),
        is_judged: bool = False,
        is_sum: bool = False,
    ) -> Card:
        """A judged figure compares where one reader read both windows, a sum where both are whole and were read."""
        now, was = pick(self.seen.now), pick(self.seen.was)
        series, values = self.seen.series, self._values(pick, now)
        noun, gaps = series.noun, series.changes if is_judged else {}
        compared = values[max(gaps, default=0) :]
        # Without a session nothing is unknown; but nothing was judged either, so nothing got better or worse.
        may_compare = self.seen.has_judged_past
        if is_sum:
            may_compare = self.seen.is_comparable if is_judged else self.seen.has_whole_past
        is_nothing = now is None and self.seen.now.session_count == 0
        shown = "0" if is_nothing else None if now is None else say(now)
        return Card(
            label=label,
            section=section,
            value=() if shown is None else _value(shown, details[0] if self.seen.now.session_count else ""),
            delta=delta(now, was) if now is not None and was is not None and may_compare else None,
            was=self._was(None if was is None else details[1] or say(was), is_judged=is_judged, is_sum=is_sum),
            sparkline=draw_sparkline(
                label,
                values,
                ["unknown" if value is None else say(value) for value in values],
                noun=noun,
                is_last_current=self.words.noun == noun,
                gaps=gaps,
            ),
            range=_range(compared, len(values), noun, say, say_range),
            note="needs a reader" if shown is None and self.seen.is_offline else "",
        )

    def _was(self, value: str | None, *, is_judged: bool, is_sum: bool) -> str:
        if self.seen.is_first:
            return f"no {self.words.noun} to compare with yet"
        since = self.seen.known_since
        part = f", from {short_day(since)} on" if since and is_sum and value else ""
        return self.seen.past(self.words.last, value, is_judged=is_judged) + part

    def _values(self, pick: Pick, now: float | None) -> list[float | None]:
        """Weeks or months before the first session are missing, not zero."""
        series = self.seen.series.measures
        if not series:
            return [*[None] * 7, now]
        begun = next((n for n, one in enumerate(series) if one.session_count), len(series) - 1)
        return [pick(one) if n >= begun else None for n, one in enumerate(series)]


def _range(
    compared: Sequence[float | None], count: int, noun: str, say: Say, say_range: Callable[[float, float], str] | None
) -> str:
    """In words; of `count` weeks or months only those that compare, where the reader changed among them."""
    known = [value for value in compared if value is not None]
    is_since = len(compared) < count
    if not known:
        return f"unknown {'since the change' if is_since else f'in all {noun}s'}"
    if len(known) == 1:
        return f"first {noun} since the change" if is_since else f"1 of {count} {noun}s known"
    name = f"{count} {noun}s" if len(known) == count else f"{len(known)} of {count} {noun}s"
    if is_since:
        name = f"{len(known)} {noun}s since the change"
    low, high = min(known), max(known)
    if low == high:
        return f"{name}: always {say(low)}"
    return f"{name}: {say_range(low, high) if say_range else f'{say(low)} to {say(high)}'}"


def _value(text: str, detail: str) -> tuple[tuple[str, str], ...]:
    """25 h 18 → 25, h, 18, min: the units are smaller than their number."""
    if " h " in text:
        hours, minutes = text.split(" h ")
        return ((hours, " h "), (minutes, " min"))
    if text.endswith(" min"):
        return ((text.removesuffix(" min"), " min"),)
    if text.endswith("%"):
        return ((text.removesuffix("%"), "%" + detail),)
    return ((text, detail),)
