"""Text of a narrative to markup: `**bold**`, `` `code` `` and `↓ 7 points, worse`; everything else is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    "text": Markup("{}"),
    "bold": Markup("<b>{}</b>"),
    "code": Markup("<code>{}</code>"),
    "better": Markup('<span class="d good">{}</span>'),
    "worse": Markup('<span class="d bad">{}</span>'),
    "level": Markup('<span class="d same">{}</span>'),
}


def split_inline(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a text with what each is: text, bold, code, better, worse or level."""
    place = 0
    for found in _TOKEN.finditer(text):
        if found.start() > place:
            yield "text", text[place : found.start()]
        kind = found["tone"] or found.lastgroup or "level"
        yield kind, found["bold"] or found["code"] or found["delta"] or found["level"]
        place = found.end()
    if place < len(text):
        yield "text", text[place:]


def render_inline(text: str) -> Markup:
    return joined([_SHAPES[kind].format(safe(piece)) for kind, piece in split_inline(text)])
