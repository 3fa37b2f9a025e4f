"""Columns from zero in a card, eight weeks or six months; one without a value is a dash."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, rect, safe, share, size

WIDTH_A_WEEK = 10
HEIGHT = 26


def draw_sparkline(
    label: str,
    values: Sequence[float | None],
    spoken: Sequence[str],
    *,
    noun: str = "week",
    is_last_current: bool = True,
) -> Markup:
    """Columns for weeks or months, the last one in the accent colour where it is the period of the report.

    Args:
        values: None where the week or month is missing or unknown.
        spoken: The same values in words, for the label.
    """
    top = max((value for value in values if value is not None), default=0)
    parts = []
    for place, value in enumerate(values):
        left = place * WIDTH_A_WEEK + 1
        fill = "accent" if is_last_current and place == len(values) - 1 else "quiet"
        if value is None:
            parts.append(
                Markup(
                    '<path d="M{} 24H{}" stroke="var(--quiet)" stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
                ).format(left + 2, left + 6)
            )
            continue
        height = HEIGHT * share(value, top)
        parts.append(rect(left, 1 + HEIGHT - height, 8, height, f"var(--{fill})"))
    width = max(1, len(values)) * WIDTH_A_WEEK
    return Markup(
        '<svg viewBox="0 0 {} 28" preserveAspectRatio="none" role="img" aria-label="{}, last {} {}s: {}">{}'
        '<path d="M0 27.5H{}" stroke="var(--grey)" stroke-width="1" vector-effect="non-scaling-stroke"/></svg>'
    ).format(width, safe(label), len(values), noun, safe(", ".join(spoken)), joined(parts), size(width, 0))
