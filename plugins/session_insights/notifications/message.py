"""One message for every channel. Its text is plain: the channels print whatever stands in it and obey none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from session_insights.wording import clean_text, shorten

Tone = Literal["neutral", "good", "bad"]
# Escaping makes a line longer, five times at most (`&amp;`), so that a whole line still fits every channel.
LONGEST_LINE = 200


@dataclass(frozen=True)
class Field:
    """A block under a name of ours."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Message:
    title: str
    lines: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    link: str | None = None  # http or https; anything else is left out
    link_text: str = "Open"
    footer: str = ""
    tone: Tone = "neutral"


def plain_line(text: str, most: int = LONGEST_LINE) -> str:
    """One line without invisible characters, cut at a word; an address in it is text that no channel makes a link."""
    return shorten(clean_text(text).replace("://", ": //"), most)


def fit_line(text: str, most: int, escape: Callable[[str], str]) -> str:
    """One line, escaped, of at most so many characters; no escape is cut in two."""
    line = plain_line(text, most)
    while len(escape(line)) > most:
        line = shorten(line, len(line) - 1)
    return escape(line)


def fit_lines(lines: Sequence[str], most: int, escape: Callable[[str], str]) -> str:
    """As many whole lines as fit into `most` characters once they are escaped; the last says how many are left out.

    Lines that show nothing are dropped.
    """
    escaped = [escape(line) for line in map(plain_line, lines) if line]
    if len("\n".join(escaped)) <= most:
        return "\n".join(escaped)
    for count in range(len(escaped) - 1, -1, -1):
        text = "\n".join([*escaped[:count], f"… and {len(escaped) - count} more"])
        if len(text) <= most:
            return text
    return ""


def web_address(link: str | None) -> str | None:
    """A link that a channel may open, with what would end it early taken out of it; None for every other scheme."""
    if not link or not link.startswith(("https://", "http://")) or len(link) > 1_500:
        return None
    if any(character.isspace() or not character.isprintable() for character in link):
        return None
    for character, code in (("|", "%7C"), ("<", "%3C"), (">", "%3E"), ('"', "%22"), ("(", "%28"), (")", "%29")):
        link = link.replace(character, code)
    return link
