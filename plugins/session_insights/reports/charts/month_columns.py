"""Small columns from zero in a table's cell, one a month; an unknown month is a dashed line, a changed reader a gap."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, rect, safe, share, size
from session_insights.reports.charts.sparkline import speak_gaps

STEP, HEIGHT, GROUND, GAP = 12, 29, 31, 8

_CHANGE = Markup('<path d="M{0:g} 2V31" stroke="var(--grey)" stroke-dasharray="2 2"/>')


def draw_month_columns(
    label: str, values: Sequence[float | None], spoken: Sequence[str], gaps: Collection[int] = ()
) -> Markup:
    """The last month is in the accent colour.

    Args:
        values: None where the month is unknown.
        spoken: The same values in words, for the label.
        gaps: Places before which the reader changed.
    """
    top = max((value for value in values if value is not None), default=0)
    parts = []
    for place, value in enumerate(values):
        left = 1 + STEP * place + GAP * sum(gap <= place for gap in gaps)
        if place in gaps:
            parts.append(_CHANGE.format(left - 1 - GAP / 2))
        if value is None:
            dash = '<path d="M{} {}H{}" stroke="var(--grey)" stroke-dasharray="2 2"/>'
            parts.append(Markup(dash).format(left + 1, GROUND, left + 9))  # noqa: S704
            continue
        height = HEIGHT * share(value, top)
        colour = "var(--accent)" if place == len(values) - 1 else "var(--quiet)"
        parts.append(rect(left, GROUND - height, 10, height, colour))
    width = size(2 + STEP * len(values) + GAP * len(gaps), 0)
    return Markup(
        '<svg width="{}" height="32" viewBox="0 0 {} 32" role="img" aria-label="{}: {}">{}'
        '<path d="M0 31.5H{}" stroke="var(--grey)"/></svg>'
    ).format(width, width, safe(label), safe(", ".join(speak_gaps(spoken, gaps))), joined(parts), width)
