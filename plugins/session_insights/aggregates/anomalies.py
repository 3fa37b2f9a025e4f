"""Is a day far from the days before it? Pure: days in, judgements out.

Source: docs/decisions/0016-outbox-and-anomalies.md
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal

from session_insights.measures import WELL_COVERED
from session_insights.wording import listed, money, plural

State = Literal["normal", "abnormal", "unknown"]
Unit = Literal["rate", "share", "money"]
# A normal distribution's standard deviation, of its median absolute deviation.
_DEVIATION = 1.4826
# Of one session, for a metric that was 0 in all of them.
_LEAST_SPREAD = 0.3


@dataclass(frozen=True)
class DayFigure:
    """One metric of one local day."""

    day: date
    session_count: int  # sessions of which it is known
    total: float
    squares: float = 0.0  # of the sessions' values, summed: how far sessions differ


@dataclass(frozen=True)
class Rule:
    """When a metric's day is news. All conditions must hold."""

    title: str
    unit: Unit
    baseline_days: int
    is_mean: bool = False  # the plan's rule: means; otherwise medians
    least_ratio: float = 1.5  # of the day to its baseline
    least_difference: float = 0.0  # a session; for money, a day
    least_total: float = 0.0  # of the day
    least_z: float = 4.5  # deviations from the baseline, as the baseline's own days vary
    least_sessions: int = 5  # of the day
    lag_days: int = 0  # how many days more are left for a figure to be complete
    is_judged: bool = True  # comes from reading, so that it waits until nearly all sessions of the day were read


RULES: Mapping[str, Rule] = {
    "course_corrections": Rule("Corrections a session", "rate", 14, is_mean=True, least_difference=0.3),
    "friction_points": Rule("Friction points a session", "rate", 28, least_difference=0.5),
    "retry_loops": Rule("Retry loops a session", "rate", 28, least_difference=0.3, least_total=4, least_z=5),
    "mcp_failures": Rule("Connector failures a session", "rate", 28, least_difference=0.5, least_total=5, least_z=5),
    "cut_short": Rule("Sessions cut short", "share", 28, least_difference=0.25, least_total=4),
    "unread": Rule("Sessions not read", "share", 28, least_difference=0.25, least_total=3, lag_days=1, is_judged=False),
    "cost_usd": Rule(
        "Cost a day", "money", 28, least_ratio=2, least_difference=5, least_sessions=1, least_z=4, is_judged=False
    ),
}
LONGEST_ANOMALY_DAYS = 7
LEAST_BASELINE_DAYS, LEAST_BASELINE_SESSIONS = 7, 30
# Days of history that the longest rule looks back.
HISTORY_DAYS = max(rule.baseline_days + rule.lag_days for rule in RULES.values()) + 1


@dataclass(frozen=True)
class Judgement:
    metric: str
    day: date
    state: State  # unknown: too few sessions, too little read, or too little to compare with
    value: float = 0.0
    baseline: float = 0.0
    session_count: int = 0  # behind the value
    baseline_count: int = 0  # sessions behind the baseline
    explanation: str = ""


def judge_day(
    series: Mapping[str, Sequence[DayFigure]], last_day: date, running: Mapping[str, date] | None = None
) -> list[Judgement]:
    """Judge each metric's newest complete day.

    Args:
        series: Metric → its days, in any order; days without sessions may be missing.
        last_day: The last local day that is over.
        running: Metric → the day since which it has been abnormal.
    """
    unread = {figure.day: figure for figure in series.get("unread", ())}
    judgements = []
    for metric, rule in RULES.items():
        figures, since = series.get(metric, ()), (running or {}).get(metric)
        if since is not None and (last_day - since).days <= LONGEST_ANOMALY_DAYS:
            # Bad days are no baseline for the next one; after a week they are the new usual.
            day = last_day - timedelta(days=rule.lag_days)
            figures = [figure for figure in figures if figure.day < since or figure.day == day]
        judgements.append(_judge(metric, rule, figures, last_day, unread))
    return judgements


def _judge(
    metric: str, rule: Rule, figures: Sequence[DayFigure], last_day: date, unread: Mapping[date, DayFigure]
) -> Judgement:
    day = last_day - timedelta(days=rule.lag_days)
    nothing = Judgement(metric, day, "unknown")
    first = day - timedelta(days=rule.baseline_days)
    past = [figure for figure in figures if first <= figure.day < day and figure.session_count > 0]
    if rule.unit == "money":
        # A Saturday is not compared with a Tuesday.
        past = [figure for figure in past if _is_weekend(figure.day) == _is_weekend(day)]
    now = next((figure for figure in figures if figure.day == day), None)
    if now is None or now.session_count < rule.least_sessions or (rule.is_judged and not _is_read(unread.get(day))):
        return nothing
    past_sessions = sum(figure.session_count for figure in past)
    if len(past) < LEAST_BASELINE_DAYS or past_sessions < LEAST_BASELINE_SESSIONS:
        return nothing
    value, baseline, z = _compare_totals(now, past) if rule.unit == "money" else _compare_rates(now, past, rule)
    is_far = (
        value > baseline * rule.least_ratio
        and value - baseline >= rule.least_difference
        and now.total >= rule.least_total
        and z >= rule.least_z
    )
    return Judgement(
        metric,
        day,
        "abnormal" if is_far else "normal",
        value,
        baseline,
        now.session_count,
        past_sessions,
        _explain(rule, day, value, baseline, now.session_count, past_sessions),
    )


def _is_read(unread: DayFigure | None) -> bool:
    return unread is not None and unread.total <= (1 - WELL_COVERED) * unread.session_count


def _compare_rates(now: DayFigure, past: Sequence[DayFigure], rule: Rule) -> tuple[float, float, float]:
    """Value, baseline and z of a figure a session.

    A day of few sessions varies more: each day's distance from the baseline is weighed by the root of its sessions,
    and the median of these weighed distances is what is usual. It is never taken to be less than what sessions differ
    among themselves, or a quiet month would make one bad session news.
    """
    rates = [figure.total / figure.session_count for figure in past]
    sessions = sum(figure.session_count for figure in past)
    mean = sum(figure.total for figure in past) / sessions
    baseline = mean if rule.is_mean else median(rates)
    weighed = [abs(rate - baseline) * math.sqrt(figure.session_count) for rate, figure in zip(rates, past, strict=True)]
    differ = math.sqrt(max(sum(figure.squares for figure in past) / sessions - mean**2, 0.0))
    value = now.total / now.session_count
    usual = max(_DEVIATION * median(weighed), differ, _LEAST_SPREAD)
    return value, baseline, (value - baseline) * math.sqrt(now.session_count) / usual


def _compare_totals(now: DayFigure, past: Sequence[DayFigure]) -> tuple[float, float, float]:
    """The same for a sum of a day, by its logarithm: sums vary by factors. z is never based on less than ±28 %."""
    logs = [math.log(max(figure.total, 0.01)) for figure in past]
    middle = median(logs)
    usual = max(_DEVIATION * median([abs(value - middle) for value in logs]), 0.25)
    return now.total, math.exp(middle), (math.log(max(now.total, 0.01)) - middle) / usual


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _explain(rule: Rule, day: date, value: float, baseline: float, now_count: int, past_count: int) -> str:
    said, before = (_say(rule.unit, number) for number in (value, baseline))
    return (
        f"{rule.title}: {said} on {day:%a} {day.day} {day:%b} against {before} in the {rule.baseline_days} days before "
        f"(n = {plural(now_count, 'session')}; before, {plural(past_count, 'session')})"
    )


def _say(unit: Unit, value: float) -> str:
    if unit == "money":
        return money(value)
    return f"{100 * value:.0f}%" if unit == "share" else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def judge_sync(days_with_files: Sequence[date], last_day: date) -> Judgement:
    """Has reading of transcripts stopped? Days on which a changed file was read, against the longest pause so far.

    A holiday looks the same; the explanation says so.
    """
    days = sorted(set(days_with_files))
    if len(days) < LEAST_BASELINE_DAYS:
        return Judgement("sync", last_day, "unknown")
    longest = max((after - before).days - 1 for before, after in pairwise(days))
    pause = max(0, (last_day - days[-1]).days)
    is_far = pause >= max(3, 2 * longest)
    explanation = (
        f"No changed transcript was read for {plural(pause, 'day')}; the longest pause before was "
        f"{plural(longest, 'day')}. If you were not away, look at insights_session_sync and its sources"
    )
    return Judgement(
        "sync", last_day, "abnormal" if is_far else "normal", pause, longest, len(days), len(days), explanation
    )


def summarize(judgements: Sequence[Judgement]) -> str:
    """For a log: what was judged and what was not."""
    words = [f"{judgement.metric} {judgement.state}" for judgement in judgements]
    return listed(words)
