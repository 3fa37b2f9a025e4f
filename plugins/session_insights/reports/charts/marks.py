"""What every chart is drawn with: safe text, safe numbers, rectangles and lines."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from session_insights.wording import clean_text


def safe(value: object) -> Markup:
    """Cleaned and escaped, for element text and quoted attributes."""
    return value if isinstance(value, Markup) else escape(clean_text(str(value)))


def size(value: float, digits: int = 2) -> str:
    """A length: never negative, never NaN, never without end."""
    return f"{value if math.isfinite(value) and value > 0 else 0.0:.{digits}f}"


def share(part: float, whole: float) -> float:
    """Part of a whole, from 0 to 1 whatever comes in."""
    if not (math.isfinite(part) and math.isfinite(whole)) or whole <= 0:
        return 0.0
    return min(1.0, max(0.0, part / whole))


def rect(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    """`colour` is a CSS colour of ours."""
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
        size(x), size(y), size(width), size(height), colour
    )


def joined(parts: list[Markup]) -> Markup:
    return Markup("").join(parts)
