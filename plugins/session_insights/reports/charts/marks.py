"""What every chart is drawn with: safe text, safe numbers, rectangles and lines."""

from __future__ import annotations

import math
import re

from markupsafe import Markup, escape

# Control characters, marks that reverse the reading direction, and characters without width.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


def clean_text(text: str) -> str:
    """Text from a transcript without characters that hide something or turn the line around."""
    return _INVISIBLE.sub("", text)


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
