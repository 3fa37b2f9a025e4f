"""What is far from usual is found; a quiet history gives at most one false alarm a month, over all metrics together."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import fmean

import pytest

from session_insights.aggregates.anomalies import RULES, DayFigure, Judgement, judge_day, judge_sync

FIRST = date(2026, 1, 5)
# Mean a session and dispersion of each metric; None is a share. The smaller the dispersion, the burstier.
QUIET: Mapping[str, tuple[float, float | None]] = {
    "course_corrections": (1.1, 0.8),
    "friction_points": (1.8, 0.7),
    "retry_loops": (0.15, 0.3),
    "mcp_failures": (0.25, 0.15),
    "cut_short": (0.08, None),
    "unread": (0.02, None),
}
Series = dict[str, list[DayFigure]]


@dataclass(frozen=True)
class History:
    """Days of somebody's work: busy weekdays, slow weekends, good and bad days, counts that clump."""

    sessions_a_day: int
    seed: int
    shifted: Mapping[str, float] = field(default_factory=dict)  # metric → how many times as much, from a day on
    shifted_from: int = 10_000

    def days(self, count: int) -> Series:
        series: Series = {metric: [] for metric in RULES}
        draw = random.Random(f"{self.seed}/{self.sessions_a_day}")
        for number in range(count):
            day = FIRST + timedelta(days=number)
            share = 0.25 if day.weekday() >= 5 else 1.0
            sessions = int(draw.gauss(self.sessions_a_day * share, self.sessions_a_day * 0.2))
            mood = draw.lognormvariate(0, 0.25)
            if sessions < 1:
                continue
            for metric, (mean, dispersion) in QUIET.items():
                times = self.shifted.get(metric, 1.0) if number >= self.shifted_from else 1.0
                level = mean * times * (mood if metric != "unread" else 1.0)
                values = [_draw(draw, level, dispersion) for _ in range(sessions)]
                series[metric].append(DayFigure(day, sessions, sum(values), sum(value**2 for value in values)))
            times = self.shifted.get("cost_usd", 1.0) if number >= self.shifted_from else 1.0
            cost = times * sum(draw.lognormvariate(0, 1.2) for _ in range(sessions))
            series["cost_usd"].append(DayFigure(day, sessions, cost))
        return series


def _draw(draw: random.Random, level: float, dispersion: float | None) -> int:
    """A negative binomial count, or yes and no."""
    if dispersion is None:
        return int(draw.random() < min(0.95, level))
    limit, count, product = math.exp(-draw.gammavariate(dispersion, level / dispersion)), 0, draw.random()
    while product > limit:
        count, product = count + 1, product * draw.random()
    return count


def alarms(series: Series, first: int, last: int) -> list[Judgement]:
    """Abnormal days in a row are one alarm, as they are in the table."""
    found: list[Judgement] = []
    running: dict[str, date] = {}
    for number in range(first, last):
        for judgement in judge_day(series, FIRST + timedelta(days=number), running):
            if judgement.state == "abnormal" and judgement.metric not in running:
                found.append(judgement)
                running[judgement.metric] = judgement.day
            if judgement.state == "normal":
                running.pop(judgement.metric, None)
    return found


@pytest.mark.parametrize("sessions_a_day", [5, 8, 12, 20, 40, 60])
def test_a_quiet_history_gives_at_most_one_false_alarm_a_month(sessions_a_day: int) -> None:
    months = [len(alarms(History(sessions_a_day, seed).days(120), 30, 120)) / 3 for seed in range(30)]
    assert fmean(months) <= 1.0


@pytest.mark.parametrize(
    ("metric", "times"),
    [
        ("course_corrections", 4),
        ("friction_points", 3),
        ("retry_loops", 8),
        ("mcp_failures", 8),
        ("cut_short", 6),
        ("unread", 30),
        ("cost_usd", 8),
    ],
)
def test_a_shift_that_lasts_a_week_is_found_within_it(metric: str, times: float) -> None:
    histories = [History(20, seed, {metric: times}, 40).days(47) for seed in range(40)]
    found = sum(any(alarm.metric == metric for alarm in alarms(days, 40, 47)) for days in histories)
    assert found >= 0.85 * len(histories)


# One day -----------------------------------------------------------------------------------------------------------

DAY = date(2026, 11, 18)


def steady(metric: str, value: float, *, days: int = 28, sessions: int = 10, last: float | None = None) -> Series:
    """The same every day, but for the last; everything is read."""
    dates = [DAY - timedelta(days=number) for number in range(days, -1, -1)]
    series = {"unread": [DayFigure(day, sessions, 0) for day in dates]}
    series[metric] = [DayFigure(day, sessions, value * sessions, sessions * value**2) for day in dates]
    if last is not None:
        series[metric][-1] = DayFigure(DAY, sessions, last * sessions, sessions * last**2)
    return series


def judged(series: Series, metric: str) -> Judgement:
    return next(judgement for judgement in judge_day(series, DAY) if judgement.metric == metric)


def test_the_plans_rule_names_the_day_its_baseline_and_both_counts() -> None:
    found = judged(steady("course_corrections", 1.1, last=3.2), "course_corrections")
    assert found.state == "abnormal"
    assert found.explanation == (
        "Corrections a session: 3.2 on Wed 18 Nov against 1.1 in the 14 days before "
        "(n = 10 sessions; before, 140 sessions)"
    )


def test_the_plans_rule_compares_with_the_14_days_before_and_no_older_ones() -> None:
    series = steady("course_corrections", 1.0, last=2.0)
    older = [DayFigure(f.day, 10, 900, 81_000) if (DAY - f.day).days > 14 else f for f in series["course_corrections"]]
    assert judged({**series, "course_corrections": older}, "course_corrections").baseline == 1.0


def test_under_one_and_a_half_times_the_baseline_nothing_is_said() -> None:
    assert judged(steady("course_corrections", 2.0, last=2.9), "course_corrections").state == "normal"


def test_without_a_baseline_nothing_is_judged() -> None:
    series = steady("course_corrections", 1.0, last=9.0)
    only = {name: figures[-1:] for name, figures in series.items()}
    assert judged(only, "course_corrections").state == "unknown"
    few = {name: figures[-5:] for name, figures in series.items()}
    assert judged(few, "course_corrections").state == "unknown"


def test_a_baseline_of_zero_makes_no_single_incident_news() -> None:
    assert judged(steady("course_corrections", 0.0, last=0.2), "course_corrections").state == "normal"
    assert judged(steady("course_corrections", 0.0, last=2.0), "course_corrections").state == "abnormal"


def test_bad_days_are_no_baseline_for_the_next_until_a_week_has_gone_by() -> None:
    series = steady("course_corrections", 1.0, last=6.0)
    figures = series["course_corrections"]
    for days, state in ((3, "abnormal"), (10, "normal")):
        since = DAY - timedelta(days=days)
        bad = [DayFigure(f.day, 10, 60, 360) if f.day >= since else f for f in figures]
        [found, *_] = judge_day({**series, "course_corrections": bad}, DAY, {"course_corrections": since})
        assert found.state == state, days


def test_a_day_of_few_sessions_or_not_yet_read_is_not_judged() -> None:
    series = steady("course_corrections", 1.0, last=9.0)
    few = [*series["course_corrections"][:-1], DayFigure(DAY, 4, 36, 324)]
    assert judged({**series, "course_corrections": few}, "course_corrections").state == "unknown"
    unread = [*series["unread"][:-1], DayFigure(DAY, 10, 3)]
    assert judged({**series, "unread": unread}, "course_corrections").state == "unknown"


def test_coverage_is_judged_a_day_later_than_the_rest() -> None:
    series = steady("unread", 0.0)
    series["unread"][-1] = DayFigure(DAY, 10, 10, 10)  # yesterday's sessions are being read
    assert judged(series, "unread").state == "normal"
    series["unread"][-2] = DayFigure(DAY - timedelta(days=1), 10, 10, 10)
    assert judged(series, "unread").state == "abnormal"


def test_a_cheap_sunday_does_not_make_a_monday_dear() -> None:
    monday = date(2026, 11, 16)
    days = [monday - timedelta(days=number) for number in range(28, -1, -1)]
    costs = [DayFigure(day, 10, 1.0 if day.weekday() >= 5 else 40.0) for day in days]
    [found] = [judgement for judgement in judge_day({"cost_usd": costs}, monday) if judgement.metric == "cost_usd"]
    assert (found.state, round(found.baseline)) == ("normal", 40)


def test_the_order_in_which_days_come_does_not_matter() -> None:
    series = steady("mcp_failures", 0.2, last=4.0)
    turned = {name: list(reversed(figures)) for name, figures in series.items()}
    assert judge_day(series, DAY) == judge_day(turned, DAY)


@pytest.mark.parametrize(("pause", "state"), [(0, "normal"), (2, "normal"), (4, "abnormal")])
def test_a_sync_that_gives_nothing_for_longer_than_ever_is_told(pause: int, state: str) -> None:
    weekdays = [DAY - timedelta(days=n + pause) for n in range(28)]
    worked = [day for day in weekdays if day.weekday() < 6]
    assert judge_sync(worked, DAY).state == state


def test_a_sync_with_hardly_a_past_is_not_judged() -> None:
    assert judge_sync([DAY - timedelta(days=20)], DAY).state == "unknown"
