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
        make.card("Your sessions", "attention", lambda m: m.session_count, number, count_delta),
        make.card("Active time", "attention", lambda m: m.active_minutes, short_duration, duration_delta, _hours),
        make.card(
            "Time on priorities",
            "priorities",
            _priority_percent,
            _percent,
            lambda a, b: points_delta(half_up(a), half_up(b), better="more", level=level),
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
        ),
        make.card(
            "Corrections per 10",
            "friction",
            _corrections,
            _decimal,
            lambda a, b: rate_delta(a, b, better="less", level=level_per_ten(now.read_count, was.read_count)),
            details=(f" ({number(now.course_corrections or 0)} in all)", ""),
        ),
        make.card(
            "Time saved, at least",
            "value",
            lambda m: m.time_saved_minutes,
            short_duration,
            lambda a, b: duration_delta(a, b, better="more", level=saved_level),
            _hours,
            is_judged_sum=True,
        ),
        make.card("People", "people", lambda m: m.people_count, number, count_delta, is_judged_sum=True),
        make.card("Cost at list price", "attention", lambda m: m.cost_usd, cents, money_delta, _dollars),
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
        is_judged_sum: bool = False,
    ) -> Card:
        now, was = pick(self.seen.now), pick(self.seen.was)
        noun, values = self.seen.series.noun, self._values(pick, now)
        known = [value for value in values if value is not None]
        # Without a session nothing is unknown; but nothing was judged either, so nothing got better or worse.
        may_compare = self.seen.is_comparable if is_judged_sum else self.seen.has_past
        is_nothing = now is None and self.seen.now.session_count == 0
        shown = "0" if is_nothing else None if now is None else say(now)
        return Card(
            label=label,
            section=section,
            value=() if shown is None else _value(shown, details[0] if self.seen.now.session_count else ""),
            delta=delta(now, was) if now is not None and was is not None and may_compare else None,
            was=self._was(None if was is None else details[1] or say(was)),
            sparkline=draw_sparkline(
                label,
                values,
                ["unknown" if value is None else say(value) for value in values],
                noun=noun,
                is_last_current=self.words.noun == noun,
            ),
            range=_range(known, len(values), noun, say, say_range),
            note="needs a reader" if shown is None and self.seen.is_offline else "",
        )

    def _was(self, value: str | None) -> str:
        if self.seen.is_first:
            return f"no {self.words.noun} to compare with yet"
        return f"{self.words.last} {value if value is not None else 'unknown'}"

    def _values(self, pick: Pick, now: float | None) -> list[float | None]:
        """Weeks or months before the first session are missing, not zero."""
        series = self.seen.series.measures
        if not series:
            return [*[None] * 7, now]
        begun = next((n for n, one in enumerate(series) if one.session_count), len(series) - 1)
        return [pick(one) if n >= begun else None for n, one in enumerate(series)]


def _range(
    known: Sequence[float], count: int, noun: str, say: Say, say_range: Callable[[float, float], str] | None
) -> str:
    if not known:
        return f"unknown in all {noun}s"
    if len(known) == 1:
        return f"1 of {count} {noun}s known"
    name = f"{count} {noun}s" if len(known) == count else f"{len(known)} of {count} {noun}s"
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
