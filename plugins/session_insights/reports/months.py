"""Month by month: six months of each figure as columns and as numbers, the last against the one before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from session_insights.measures import WELL_COVERED, Comparison, Measures
from session_insights.reports.charts.month_columns import draw_month_columns
from session_insights.wording import (
    MONTHS,
    Delta,
    cents,
    count_delta,
    duration_delta,
    half_up,
    level_per_ten,
    level_points,
    long_day,
    money_delta,
    number,
    per_ten,
    percent,
    points_delta,
    rate_delta,
)

Pick = Callable[[Measures], float | None]
Say = Callable[[float], str]


@dataclass(frozen=True)
class MonthRow:
    label: str
    chart: Markup
    cells: tuple[str | None, ...]  # None is unknown
    delta: Delta | None


@dataclass(frozen=True)
class Months:
    names: tuple[str, ...]  # May … Oct
    rows: tuple[MonthRow, ...]
    rail: str


def build_months(seen: Comparison) -> Months:
    """Months before the first session are unknown, not zero."""
    starts = [str(row["month_start"])[:10] for row in seen.current["summary_by_month"]]
    names = [MONTHS[date.fromisoformat(start).month - 1] for start in starts]
    series, changes = seen.series.measures, seen.series.changes
    begun = next((n for n, month in enumerate(series) if month.session_count), len(series) - 1)
    now, was = series[-1], series[-2]
    saved_level = 2 * (now.time_saved_minutes or 0) / (now.time_saved_known_count or 1)
    points, tens = level_points(now.read_count, was.read_count), level_per_ten(now.read_count, was.read_count)
    goals = level_points(now.judged_count, was.judged_count)

    def row(
        label: str,
        pick: Pick,
        say: Say,
        delta: Callable[[float, float], Delta],
        *,
        is_judged: bool = False,
        is_sum: bool = False,
    ) -> MonthRow:
        values = [pick(month) if n >= begun else None for n, month in enumerate(series)]
        cells = tuple(None if value is None else say(value) for value in values)
        may_compare = seen.has_judged_past if is_judged else seen.has_past
        if is_sum:
            may_compare = seen.is_comparable if is_judged else seen.has_whole_past
        before, after = values[-2:]
        return MonthRow(
            label=label,
            chart=draw_month_columns(
                label, values, [cell or "unknown" for cell in cells], changes if is_judged else ()
            ),
            cells=cells,
            delta=delta(after, before) if before is not None and after is not None and may_compare else None,
        )

    rows = (
        row("Your sessions", lambda m: m.session_count, number, count_delta, is_sum=True),
        row("Active hours", lambda m: m.active_minutes, _hours, duration_delta, is_sum=True),
        row(
            "Time on priorities",
            lambda m: None if m.priority_minutes is None else percent(m.priority_minutes, m.read_minutes),
            _percent,
            lambda a, b: points_delta(half_up(a), half_up(b), better="more", level=points),
            is_judged=True,
        ),
        row(
            "Goals reached",
            lambda m: None if m.reached_count is None else percent(m.reached_count, m.judged_count),
            _percent,
            lambda a, b: points_delta(half_up(a), half_up(b), better="more", level=goals),
            is_judged=True,
        ),
        row("Corrections per 10", _per_ten("course_corrections"), _decimal, _rate(tens), is_judged=True),
        row("Loops per 10", _per_ten("retry_loops"), _decimal, _rate(tens)),
        row(
            "Hours saved, at least",
            lambda m: m.time_saved_minutes,
            _hours,
            lambda a, b: duration_delta(a, b, better="more", level=saved_level),
            is_judged=True,
            is_sum=True,
        ),
        row("Cost at list price", lambda m: m.cost_usd, _dollars, money_delta, is_sum=True),
    )
    return Months(
        names=tuple(name[:3] for name in names),
        rows=rows,
        rail=_rail(names, begun, rows, seen),
    )


def _rail(names: list[str], begun: int, rows: tuple[MonthRow, ...], seen: Comparison) -> str:
    """Since when something is known, and of which months too little was read."""
    text = "Six months, columns from zero."
    if begun == len(names) - 1:
        text += " No session is known from before this month."
    elif begun:
        text += f" Nothing is known from before {names[begun]}."
    if seen.known_since:
        text += f" {names[-2]} is known from {long_day(seen.known_since)} on."
    for row in rows:
        first = next((n for n, cell in enumerate(row.cells) if cell is not None), None)
        if first is not None and first > begun:
            text += f" {row.label}: unknown before {names[first]}."
    partly = [
        f"{name} {number(month.read_count)} of {number(month.session_count)}"
        for name, month in zip(names, seen.series.measures, strict=True)
        if month.read_count < WELL_COVERED * month.session_count
    ]
    if seen.series.changes:
        text += " A gap in the columns: the reader changed."
    return text + (f" Shares and rates are of the sessions read: {', '.join(partly)}." if partly else "")


def _per_ten(column: str) -> Pick:
    def pick(month: Measures) -> float | None:
        count = getattr(month, column)
        return None if count is None else per_ten(count, month.read_count)

    return pick


def _rate(level: float) -> Callable[[float, float], Delta]:
    return lambda now, was: rate_delta(now, was, better="less", level=level)


def _hours(minutes: float) -> str:
    return f"{half_up(minutes / 60):,} h" if minutes >= 60 or not minutes else f"{half_up(minutes)} min"


def _percent(value: float) -> str:
    return f"{half_up(value)}%"


def _decimal(value: float) -> str:
    return f"{value:.1f}"


def _dollars(usd: float) -> str:
    return f"${half_up(usd):,}" if usd >= 10 else cents(usd)
