"""One of several small lines on a shared scale; a missing week is a gap, and so is a changed reader."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, safe, share, size
from session_insights.reports.charts.sparkline import speak_gaps

_DOT = Markup(
    '<path d="M{} {}h0" stroke="var(--{})" stroke-width="{}" stroke-linecap="round" '
    'vector-effect="non-scaling-stroke"/>'
)
_GRID = Markup('<path d="M0 {}H{}" stroke="var(--{})" stroke-width="1" vector-effect="non-scaling-stroke"/>')
_CHANGE = Markup(
    '<path d="M{} 0V100" stroke="var(--grey)" stroke-width="1" stroke-dasharray="2 3" '
    'vector-effect="non-scaling-stroke"/>'
)


_TOPS: list[int] = [n * int(10**power) for power in range(6) for n in (2, 4, 10)]


def scale_top(values: Sequence[float | None]) -> int:
    """The shared scale's upper end: the first of 2, 4, 10, 20, 40, 100 … that holds every value."""
    largest = max((value for value in values if value is not None and math.isfinite(value)), default=0)
    return next((top for top in _TOPS if largest <= top), _TOPS[-1])


def draw_line(label: str, values: Sequence[float | None], *, top: int, unit: str, gaps: Collection[int] = ()) -> Markup:
    """A line with a dot a week, the last one in the accent colour with its value beside it.

    Args:
        unit: Spoken after the label: per 10 sessions read.
        gaps: Places before which the reader changed.
    """
    points = [
        (10 * place, 100 - 100 * share(value, top)) if value is not None and math.isfinite(value) else None
        for place, value in enumerate(values)
    ]
    right = 10 * max(1, len(values) - 1)
    marks = [_GRID.format(y, right, name) for y, name in ((100, "grey"), (50, "grid"), (0, "grid"))]
    marks += [_CHANGE.format(10 * place - 5) for place in sorted(gaps)]
    path, is_down = [], False
    for place, point in enumerate(points):
        is_down = is_down and place not in gaps
        if point is not None:
            path.append(f"{'L' if is_down else 'M'}{point[0]} {size(point[1], 1)}")
        is_down = point is not None
    if path:
        marks.append(
            Markup(
                '<path d="{}" fill="none" stroke="var(--ink-2)" stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
            ).format(" ".join(path))
        )
    for place, point in enumerate(points):
        if point is not None:
            is_last = place == len(points) - 1
            marks.append(
                _DOT.format(point[0], size(point[1], 1), "accent" if is_last else "ink-2", 7 if is_last else 3)
            )
    words = ["unknown" if value is None or not math.isfinite(value) else f"{value:.1f}" for value in values]
    spoken = ", ".join(speak_gaps(words, gaps))
    return Markup(
        '<div class="mp" role="img" aria-label="{} {}, {} weeks: {}">'
        '<svg viewBox="0 0 {} 100" preserveAspectRatio="none" aria-hidden="true">{}</svg>\n'
        '<span class="y" style="top:0">{}</span><span class="y" style="top:50%">{}</span>{}</div>'
    ).format(safe(label), unit, len(values), spoken, right, joined(marks), top, f"{top / 2:g}", _end(values, points))


def _end(values: Sequence[float | None], points: Sequence[tuple[int, float] | None]) -> Markup:
    """The last value: above its dot, or below it where the line before would run through."""
    if not points or points[-1] is None or values[-1] is None:
        return Markup("")
    y = points[-1][1]
    before = points[-2] if len(points) > 1 else None
    shift = "8px" if y < 26 or (before is not None and before[1] < y - 15 and y < 70) else "-24px"
    return Markup('<span class="end" style="top:{}%;transform:translateY({})">{}</span>').format(
        size(y, 1), shift, f"{values[-1]:.1f}"
    )
