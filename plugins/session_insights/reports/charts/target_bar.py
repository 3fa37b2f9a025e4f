"""A share against its target: a bar, and a tick across it."""

from __future__ import annotations

from markupsafe import Markup

from session_insights.reports.charts.marks import safe, share, size
from session_insights.wording import half_up


def draw_target_bar(label: str, actual: float, target: float | None, *, colour: str, widest: float = 50.0) -> Markup:
    """All bars of a list share one scale.

    Args:
        actual: Percent.
        target: Percent; None when there is none.
        colour: A CSS colour of ours.
        widest: Percent at the right end.
    """
    width = size(widest, 0)
    filled = size(widest * share(actual, widest))
    aim = "" if target is None else f", target {half_up(target)} percent"
    tick = Markup("")
    if target is not None:
        tick = Markup(
            '<path d="M{} 1V21" stroke="var(--ink)" stroke-width="2" vector-effect="non-scaling-stroke"/>'
        ).format(size(widest * share(target, widest), 1))
    return Markup(
        '<svg viewBox="0 0 {} 22" preserveAspectRatio="none" role="img" aria-label="{}: {} percent{}">'
        '<rect x="0" y="6" width="{}" height="10" fill="var(--grid)"/>'
        '<rect x="0" y="6" width="{}" height="10" fill="{}"/>{}</svg>'
    ).format(width, safe(label), half_up(actual), aim, width, filled, colour, tick)


def widest_share(shares: list[float]) -> float:
    """The right end of a list of target bars: 50, 75 or 100 percent, whichever holds the largest."""
    largest = max(shares, default=0)
    return next((end for end in (50.0, 75.0) if largest <= end), 100.0)
