"""A line of hundreds of MB within a bounded memory: its long strings are cut, all else of it stays."""

from __future__ import annotations

import re

# The rest of a string that has been opened: up to its quote, or to the end of what is there.
_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_HALF_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$")
# What Python needs for a value, in bytes: measured with orjson, rounded up.
_WEIGHTS = {b"{": 200, b"[": 64, b",": 40, b'"': 28}
_CHARACTER = 4


def decoding_bytes(line: bytes) -> int:
    """About how much memory the values of a line take at the worst."""
    return len(line) * _CHARACTER + sum(line.count(mark) * weight for mark, weight in _WEIGHTS.items())


class StringCutter:
    """Takes a line in pieces; keeps it with each string cut to a length.

    Args:
        longest_string: In bytes, as written.
        most: When more than this many bytes are left, nothing is.
    """

    def __init__(self, longest_string: int, most: int) -> None:
        self._longest = longest_string
        self._most = most
        self._kept = bytearray()
        self._is_in_string = False
        self._room = 0
        self._half = b""  # a backslash whose partner has not come yet

    def feed(self, piece: bytes) -> None:
        piece = self._half + piece
        self._half = b""
        position, end = 0, len(piece)
        while position < end and len(self._kept) <= self._most:
            if not self._is_in_string:
                quote = piece.find(b'"', position)
                stop = quote + 1 if quote >= 0 else end
                self._kept += piece[position:stop]
                self._is_in_string, self._room = quote >= 0, self._longest
                position = stop
                continue
            found = _STRING.match(piece, position)
            stop = found.end() if found else end
            self._keep(piece[position : min(stop, position + self._room + 1)])
            if stop == end - 1 and piece[stop] == 0x5C:
                self._half = b"\\"
                return
            if stop < end:  # the quote that ends it
                self._kept += b'"'
                self._is_in_string = False
                stop += 1
            position = stop

    def _keep(self, text: bytes) -> None:
        if len(text) > self._room:
            text = text[: self._room]
            half = _HALF_ESCAPE.search(text)
            text = (text[: half.start(1)] if half else text).decode("utf-8", "ignore").encode()
            self._room = 0
        else:
            self._room -= len(text)
        self._kept += text

    def finish(self) -> bytes | None:
        """The line as it was kept, or None when too much is left."""
        return bytes(self._kept) if len(self._kept) <= self._most else None
