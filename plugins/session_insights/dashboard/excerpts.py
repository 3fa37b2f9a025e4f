"""Where a search hit: a stretch of text with the words marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BEFORE, _AFTER = 60, 140


@dataclass(frozen=True)
class Piece:
    """Text as it stands; the template escapes it."""

    text: str
    is_hit: bool


def build_excerpt(text: str, stems: Sequence[str]) -> tuple[Piece, ...]:
    """About 200 characters around the first word that begins with a stem; empty where there is none."""
    line = " ".join(text.split())
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(stem) for stem in stems) + r")\w*", re.IGNORECASE)
    first = pattern.search(line) if stems else None
    if first is None:
        return ()
    start, end = max(0, first.start() - _BEFORE), min(len(line), first.start() + _AFTER)
    if start:
        start = line.find(" ", start, first.start()) + 1 or first.start()
    if end < len(line):
        end = max(line.rfind(" ", first.end(), end), min(first.end(), first.start() + _AFTER))
    shown, place = line[start:end], 0
    pieces = [Piece("… ", False)] if start else []
    for found in pattern.finditer(shown):
        pieces += [Piece(shown[place : found.start()], False), Piece(found[0], True)]
        place = found.end()
    pieces.append(Piece(shown[place:] + (" …" if end < len(line) else ""), False))
    return tuple(piece for piece in pieces if piece.text)
