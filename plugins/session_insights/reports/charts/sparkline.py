"""Columns from zero in a card, eight weeks or six months; one without a value is a dash, a changed reader a gap."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, rect, safe, share, size

WIDTH_A_WEEK = 10
GAP = 8
HEIGHT = 26

_CHANGE = Markup(
    '<path d="M{0:g} 3V27" stroke="var(--grey)" stroke-width="1" stroke-dasharray="2 2" '
    'vector-effect="non-scaling-stroke"/>'
)


def draw_sparkline(
    label: str,
    values: Sequence[float | None],
    spoken: Sequence[str],
    *,
    noun: str = "week",
    is_last_current: bool = True,
    gaps: Collection[int] = (),
) -> Markup:
    """Columns for weeks or months, the last one in the accent colour where it is the period of the report.

    Args:
        values: None where the week or month is missing or unknown.
        spoken: The same values in words, for the label.
        gaps: Places before which the reader changed: columns on the two sides do not compare.
    """
    top = max((value for value in values if value is not None), default=0)
    parts = []
    for place, value in enumerate(values):
        before = sum(gap <= place for gap in gaps)
        left = place * WIDTH_A_WEEK + before * GAP + 1
        if place in gaps:
            parts.append(_CHANGE.format(left - 1 - GAP / 2))
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
    width = max(1, len(values)) * WIDTH_A_WEEK + len(gaps) * GAP
    return Markup(
        '<svg viewBox="0 0 {} 28" preserveAspectRatio="none" role="img" aria-label="{}, last {} {}s: {}">{}'
        '<path d="M0 27.5H{}" stroke="var(--grey)" stroke-width="1" vector-effect="non-scaling-stroke"/></svg>'
    ).format(
        width, safe(label), len(values), noun, safe(", ".join(speak_gaps(spoken, gaps))), joined(parts), size(width, 0)
    )


def speak_gaps(spoken: Sequence[str], gaps: Collection[int]) -> list[str]:
    """Values in words, with the change of the reader between them."""
    return [f"reader changed: {words}" if place in gaps else words for place, words in enumerate(spoken)]
