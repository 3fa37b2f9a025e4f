"""One box, one session: how often something was used or missed, who wrote first."""

from __future__ import annotations

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, safe, size

MOST_BOXES = 24  # a row of more is cut and says how many there are


def draw_used_missed(used: int, missed: int) -> Markup:
    """Filled boxes for sessions that used a skill, outlined ones for those that could have."""
    used, missed = max(0, used), max(0, missed)
    shown_used = min(used, max(0, MOST_BOXES - min(missed, MOST_BOXES // 2)))
    shown_missed = min(missed, MOST_BOXES - shown_used)
    boxes = [
        Markup('<rect x="{}" y="1" width="10" height="12" fill="var(--accent)"/>').format(13 * n)
        for n in range(shown_used)
    ]
    boxes += [
        Markup(
            '<rect x="{}" y="1.75" width="8.5" height="10.5" fill="none" stroke="var(--bad)" stroke-width="1.5"/>'
        ).format(13 * n + 0.75)
        for n in range(shown_used, shown_used + shown_missed)
    ]
    is_cut = shown_used + shown_missed < used + missed
    width = max(13, 13 * len(boxes)) + (10 if is_cut else 0)
    if is_cut:
        boxes.append(Markup('<text x="{}" y="11" font-size="11" fill="var(--ink-2)">…</text>').format(width - 10))
    return Markup(
        '<svg class="units" width="{}" height="14" viewBox="0 0 {} 14" role="img" '
        'aria-label="used in {}, missed in {}">{}</svg>'
    ).format(width, width, used, missed, joined(boxes))


def draw_contacts(reactive: int, proactive: int, other: int, *, widest: tuple[int, int]) -> Markup:
    """Boxes left of a line for contacts that came to you, right of it for those you began; outlined: direction unknown.

    Args:
        widest: Most boxes left and right in the table, so that all rows share one middle.
    """
    reactive, proactive, other = (max(0, n) for n in (reactive, proactive, other))
    left, right = (min(MOST_BOXES // 2, max(0, n)) for n in widest)
    middle = 10 * left + 2
    boxes = [_box(middle - 10.5 - 10 * n, "quiet") for n in range(min(reactive, left))]
    shown = min(proactive, right)
    boxes += [_box(middle + 2.5 + 10 * n, "accent") for n in range(shown)]
    boxes += [_outline(middle + 2.5 + 10 * n) for n in range(shown, min(proactive + other, right))]
    width = middle + 10 * right + 4
    words = [f"{reactive} reactive", f"{proactive} proactive"] + ([f"{other} unknown"] if other else [])
    return Markup(
        '<svg class="units" width="{}" height="14" viewBox="0 0 {} 14" role="img" aria-label="{}">{}'
        '<path d="M{} 0V14" stroke="var(--grey)"/></svg>'
    ).format(width, width, safe(", ".join(words)), joined(boxes), middle)


def _box(x: float, colour: str) -> Markup:
    return Markup('<rect x="{}" y="3" width="8" height="8" fill="var(--{})"/>').format(size(x, 1), colour)


def _outline(x: float) -> Markup:
    return Markup(
        '<rect x="{}" y="3.5" width="7" height="7" fill="none" stroke="var(--grey)" stroke-dasharray="2 1.5"/>'
    ).format(size(x + 0.5, 1))
