"""Text of a narrative to markup: `**bold**`, `` `code` `` and `↓ 7 points, worse`; everything else is escaped."""

from __future__ import annotations

import re

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, safe

_TOKEN = re.compile(
    r"\*\*(?P<bold>[^*]+)\*\*"
    r"|`(?P<code>[^`]+)`"
    r"|(?P<delta>[↑↓→] [^,.;:()↑↓→]{0,60}(?:\.\d[^,.;:()↑↓→]{0,60})?, (?P<tone>worse|better))"
    r"|(?P<level>→ \w+|[↑↓] (?:\$?[\d.,]+\d|\d)(?: h \d\d)?(?: (?:min|points?|more|fewer|less|short|over))*"
    r"(?:, about level)?)"
)
_SHAPES = {
    "bold": Markup("<b>{}</b>"),
    "code": Markup("<code>{}</code>"),
    "better": Markup('<span class="d good">{}</span>'),
    "worse": Markup('<span class="d bad">{}</span>'),
    "level": Markup('<span class="d same">{}</span>'),
}


def render_inline(text: str) -> Markup:
    parts, place = [], 0
    for found in _TOKEN.finditer(text):
        parts.append(safe(text[place : found.start()]))
        kind = found["tone"] or found.lastgroup or "level"
        inner = found["bold"] or found["code"] or found["delta"] or found["level"]
        parts.append(_SHAPES[kind].format(safe(inner)))
        place = found.end()
    parts.append(safe(text[place:]))
    return joined(parts)
