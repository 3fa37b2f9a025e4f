"""A length from zero in a table's cell; the number stands in the cell beside it."""

from __future__ import annotations

from markupsafe import Markup

from session_insights.reports.charts.marks import rect, share


def draw_length_bar(value: float, longest: float, colour: str) -> Markup:
    """`colour` is a CSS colour of ours; the longest bar of a table fills its cell."""
    return Markup(
        '<svg viewBox="0 0 100 12" preserveAspectRatio="none" width="100%" height="12" aria-hidden="true">{}</svg>'
    ).format(rect(0, 1, 100 * share(value, longest), 10, colour))
