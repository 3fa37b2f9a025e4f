"""One ordered whole in parts, each with its number and name below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, safe, share, size

NARROWEST = 0.16  # share of the width under which words no longer fit below their part


@dataclass(frozen=True)
class Part:
    heading: str  # 21, or Claude 30
    words: str  # Fully
    count: float
    colour: str  # a CSS colour of ours


def draw_strip(parts: Sequence[Part], *, stacked_on_phone: bool = False) -> Markup:
    """Parts with nothing in them are left out; where words would not fit, parts may stand below each other."""
    whole = sum(max(0, part.count) for part in parts)
    shown = [part for part in parts if part.count > 0]
    drawn = [
        Markup(
            '<div style="flex:{} 1 0;--w:{}"><svg viewBox="0 0 10 14" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="10" height="14" fill="{}"/></svg><span><b>{}</b>{}</span></div>'
        ).format(
            size(part.count, 0),
            size(100 * share(part.count, whole), 1),
            part.colour,
            safe(part.heading),
            safe(part.words),
        )
        for part in shown
    ]
    kind = ""
    if stacked_on_phone:
        is_narrow = any(share(part.count, whole) < NARROWEST for part in shown)
        kind = " stack narrow" if is_narrow else " stack"
    return Markup('<div class="strip{}">{}</div>').format(kind, joined(drawn))
