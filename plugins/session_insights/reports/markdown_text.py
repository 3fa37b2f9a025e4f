"""Parts of a Markdown page. Text is escaped here and nowhere else: whatever a transcript says, it is letters.

The rules are CommonMark's and GitHub's; viewers that make links of bare names and addresses are thought of too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from session_insights.reports.inline import split_inline
from session_insights.reports.story import RecommendationStory
from session_insights.reports.value import BigFigure
from session_insights.wording import UNKNOWN, Delta, clean_text

# A bar ends a cell, in a code span too.
_BAR = re.compile(r"(?<!\\)\|")
Cell = str | None  # escaped already; None is unknown
NO_WIDTH = "\u200b"
_MARKUP = re.compile(r"[\\`*_~\[\]<>|]|&(?=#?\w)|\$(?!\d)")
# At the beginning of a line these make a heading, a list or a rule.
_LEADING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=#|[+-](?:\s|$)|=+$|-+$))")
# An address, a name that somebody is called by, a number of an issue: a character without width takes it apart.
_LINKED = re.compile(r"(?<=[@#])(?=\w)|(?<=\w\.)(?=[^\W\d_])|(?<=:)(?=//)|(?<=mailto:)|(?<=xmpp:)", re.IGNORECASE)


def escape(text: str) -> str:
    """One line that every viewer shows as it is: no markup, no link, no mention, no image, nothing hidden."""
    line = _MARKUP.sub(r"\\\g<0>", " ".join(clean_text(text).split()))
    return _LINKED.sub(NO_WIDTH, _LEADING.sub(r"\1\\", line))


def inline(text: str) -> str:
    """Text of a narrative: its bold and code stay, everything else is escaped."""
    parts = []
    for kind, piece in split_inline(" ".join(clean_text(text).split())):
        if kind == "code":
            parts.append(code(piece))
        elif kind == "bold" and piece.strip():
            parts.append(f"**{escape(piece)}**")
        else:
            # The space around a piece belongs to the text.
            before, after = (" " if side else "" for side in (piece[:1].isspace(), piece[-1:].isspace()))
            parts.append(f"{before}{escape(piece)}{after}" if piece.strip() else " ")
    return "".join(parts).strip()


def code(text: str) -> str:
    """A code span; more backticks around it than there are in it."""
    line = " ".join(clean_text(text).split())
    ticks = "`" * (_longest_run(line) + 1)
    space = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{ticks}{space}{line}{space}{ticks}" if line else ""


def fence(text: str) -> str:
    """Lines to copy, exactly as they are but for characters that hide something."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}\n{clean_text(text).strip(chr(10))}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def shown(value: str | None) -> str:
    """A figure, or the word for one that nobody knows."""
    return f"*{UNKNOWN}*" if value is None else escape(value)


def change(delta: Delta | None) -> str:
    return escape(delta.text) if delta else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, words: int = 1) -> str:
    """A table whose first columns are words and whose others are figures, to the right.

    Args:
        head: Names of ours.
        rows: Escaped cells.
        words: How many columns are words.
    """
    rule = ["---" if n < words else "--:" for n in range(len(head))]
    lines = [head, rule, *([shown(None) if cell is None else _BAR.sub(r"\\|", cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    """A list of escaped items."""
    return "\n".join(f"- {item}" for item in items)


def big(figures: Sequence[BigFigure], *, needs_reader: bool) -> str:
    """Figures that stand alone, with what they are compared with."""
    items = []
    for figure in figures:
        more = "needs a reader" if figure.value is None and needs_reader else ""
        more = more or (figure.delta.text if figure.delta else figure.note)
        items.append(f"**{escape(figure.label)}:** {shown(figure.value)}{f', {escape(more)}' if more else ''}")
        items[-1] += f" ({escape(figure.was)})" if figure.was else ""
    return bullets(items)


def advice(items: Iterable[RecommendationStory]) -> Iterator[str]:
    """Recommendations or targets, each with the line to copy and the figure that decides it."""
    for place, item in enumerate(items, 1):
        yield f"### {place}. {inline(item.title)}"
        yield inline(item.why)
        if item.line:
            yield fence(item.line)
        yield inline(item.measured_by)
