"""What only a month has: the trend over six months, and what the time saved was worth."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from session_insights.measures import Measures
from session_insights.narratives.sections import SectionText
from session_insights.narratives.subject import Subject
from session_insights.wording import (
    MONTHS,
    cents,
    duration,
    half_up,
    level_per_ten,
    level_points,
    long_day,
    per_ten,
    percent,
    plural,
    spelled,
)

FEWEST_STEPS = 3  # from one month to the next, before a trend is called one
STEADY = 0.75  # share of the steps that must go one way


@dataclass(frozen=True)
class _Trend:
    name: str
    pick: Callable[[Measures], float | None]
    level: Callable[..., float]
    count: Callable[[Measures], int]  # n


def _corrections(month: Measures) -> float | None:
    return None if month.course_corrections is None else per_ten(month.course_corrections, month.read_count)


def _priorities(month: Measures) -> float | None:
    return None if month.priority_minutes is None else percent(month.priority_minutes, month.read_minutes)


def _goals(month: Measures) -> float | None:
    return None if month.reached_count is None else percent(month.reached_count, month.judged_count)


_TRENDS = (
    _Trend("Corrections per 10 sessions", _corrections, level_per_ten, lambda month: month.read_count),
    _Trend("Time on priorities", _priorities, level_points, lambda month: month.read_count),
    _Trend("The share of goals reached", _goals, level_points, lambda month: month.judged_count),
)


def write_months(subject: Subject) -> SectionText:
    """The steadiest trend; without one, the volume against the month before."""
    now, was, words = subject.seen.now, subject.seen.was, subject.words
    if not subject.seen.has_past:
        return SectionText(headline="The first month: trends begin with the next one")
    if not now.session_count:
        return SectionText(headline=f"A month without sessions, after {plural(was.session_count, 'session')}")
    steady = max(_steady(subject), default=None)
    if steady is not None:
        return SectionText(headline=steady[1], paragraphs=_volume(subject))
    if not was.session_count:
        return SectionText(headline=f"{plural(now.session_count, 'session')}, after a month without any")
    if subject.seen.known_since:
        return SectionText(headline=f"No trend yet: {words.last} is known from {long_day(subject.seen.known_since)} on")
    change = now.session_count - was.session_count
    begin = "As many sessions as" if not change else "More sessions than" if change > 0 else "Fewer sessions than"
    return SectionText(headline=f"{begin} {words.last}: {now.session_count} after {was.session_count}")


def _steady(subject: Subject) -> list[tuple[float, str]]:
    """Trends as (strength, headline): most steps go one way, and both ends differ by more than two sessions make."""
    found = []
    months = [month for month in subject.seen.series.measures if month.session_count]
    for trend in _TRENDS:
        known = [(value, month) for month in months if (value := trend.pick(month)) is not None]
        steps = [after[0] - before[0] for before, after in itertools.pairwise(known)]
        if len(steps) < FEWEST_STEPS:
            continue
        change = known[-1][0] - known[0][0]
        same = sum((step > 0) == (change > 0) and step != 0 for step in steps)
        strength = abs(change) / trend.level(trend.count(known[0][1]), trend.count(known[-1][1]))
        if same / len(steps) >= STEADY and strength >= 1:
            verb = "rose" if change > 0 else "fell"
            found.append((strength, f"{trend.name} {verb} in {spelled(same)} of {spelled(len(steps))} months"))
    return found


def _volume(subject: Subject) -> tuple[str, ...]:
    """Whether the month is the largest known one, so that a trend is not taken for less work.

    The first known month is left out: nothing says that it is a whole one.
    """
    series, now = subject.seen.series.measures, subject.seen.now
    begun = next(place for place, month in enumerate(series) if month.session_count)
    whole = series[begun + 1 : -1]
    if len(whole) < FEWEST_STEPS - 1 or now.session_count <= max(month.session_count for month in whole):
        return ()
    first = str(subject.seen.current["summary_by_month"][begun + 1]["month_start"])
    return (
        f"No month since {MONTHS[int(first[5:7]) - 1]} had more sessions: {plural(now.session_count, 'session')}, "
        f"{half_up(now.active_minutes / 60)} active hours.",
    )


def write_returns(subject: Subject) -> SectionText:
    """Time saved against what was spent."""
    now = subject.seen.now
    if not now.read_count:
        return SectionText(headline="Nothing was read, so the return is unknown")
    if now.time_saved_minutes is None:
        return SectionText(headline="How much time was saved is unknown")
    spent = "an unknown cost" if now.cost_usd is None else cents(now.cost_usd)
    return SectionText(headline=f"At least {duration(now.time_saved_minutes)} saved for {spent}")
