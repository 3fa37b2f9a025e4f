"""Priority alignment: actual against target share of the time read."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from session_insights.measures import Comparison, by_key
from session_insights.profile import Profile
from session_insights.reports.charts.target_bar import draw_target_bar, widest_share
from session_insights.reports.colours import OTHER, priority_colour
from session_insights.wording import Delta, PeriodWords, half_up, level_points, number, percent, shorten, target_delta


@dataclass(frozen=True)
class PriorityRow:
    label: str
    slug: str | None  # None: everything else
    share: str  # 33%
    target: str  # target 45%
    delta: Delta | None
    chart: Markup
    detail: str  # 498 of 1,502 min; last week 37%


@dataclass(frozen=True)
class Priorities:
    rows: tuple[PriorityRow, ...]
    title: str  # above what the narrative says of it


@dataclass(frozen=True)
class _Line:
    label: str
    slug: str | None
    minutes: float
    was_minutes: float
    target: int | None
    colour: str
    is_ceiling: bool = False


def build_priorities(seen: Comparison, profile: Profile, words: PeriodWords) -> Priorities:
    """Empty when nothing was read, for then nothing is known."""
    if not seen.now.read_count or seen.now.read_minutes <= 0:
        return Priorities((), "")
    lines = _lines(seen, profile)
    read = seen.now.read_minutes
    widest = widest_share([100 * line.minutes / read for line in lines] + [float(line.target or 0) for line in lines])
    level = level_points(seen.now.read_count)
    rows = []
    for line in lines:
        share = percent(line.minutes, read) or 0
        is_known = seen.was.read_count and seen.has_judged_past
        was = percent(line.was_minutes, seen.was.read_minutes) if is_known else None
        past = "" if seen.is_first else f"; {seen.past(words.last, None if was is None else f'{was}%')}"
        aim = "no target" if line.target is None else f"{'at most' if line.is_ceiling else 'target'} {line.target}%"
        rows.append(
            PriorityRow(
                label=shorten(line.label, 80),
                slug=line.slug,
                share=f"{share}%",
                target=aim,
                delta=None
                if line.target is None
                else target_delta(share, line.target, is_ceiling=line.is_ceiling, level=level),
                chart=draw_target_bar(
                    line.label, 100 * line.minutes / read, line.target, colour=line.colour, widest=widest
                ),
                detail=f"{number(line.minutes)} of {number(read)} min{past}",
            )
        )
    is_over = rows[-1].delta is not None and rows[-1].delta.tone == "bad"
    return Priorities(tuple(rows), "What displaced it" if is_over else "What is behind it")


def _lines(seen: Comparison, profile: Profile) -> list[_Line]:
    """Priorities in the profile's order, those that it no longer has, and everything else."""
    now = by_key(seen.current, "priority_shares", "priority_matched")
    was = by_key(seen.previous, "priority_shares", "priority_matched")

    def minutes(rows: dict[str, dict[str, float]], slug: str) -> float:
        return rows.get(slug, {}).get("active_minutes") or 0

    lines = [
        _Line(
            priority.label,
            priority.slug,
            minutes(now, priority.slug),
            minutes(was, priority.slug),
            half_up(100 * priority.target_share) if priority.target_share else None,
            priority_colour(profile, priority),
        )
        for priority in profile.priorities
    ]
    known = {priority.slug for priority in profile.priorities}
    lines += [
        _Line(slug, slug, minutes(now, slug), minutes(was, slug), None, OTHER)
        for slug in now
        if slug is not None and slug not in known
    ]
    rest = max(0.0, seen.now.read_minutes - sum(line.minutes for line in lines))
    was_rest = max(0.0, seen.was.read_minutes - sum(line.was_minutes for line in lines))
    left = 100 - sum(line.target or 0 for line in lines)
    ceiling = left if any(line.target for line in lines) else None
    return [*lines, _Line("Everything else", None, rest, was_rest, ceiling, OTHER, is_ceiling=True)]
