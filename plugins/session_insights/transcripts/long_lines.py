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
        self._start = 0  # of the string
        self._is_cut = False
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
                self._is_in_string, self._is_cut, self._start = quote >= 0, False, len(self._kept)
                position = stop
                continue
            found = _STRING.match(piece, position)
            stop = found.end() if found else end
            if not self._is_cut:
                self._keep(piece[position : min(stop, position + self._longest + 1)])
            if stop == end - 1 and piece[stop] == 0x5C:
                self._half = b"\\"
                return
            if stop < end:  # the quote that ends it
                self._kept += b'"'
                self._is_in_string = False
                stop += 1
            position = stop

    def _keep(self, text: bytes) -> None:
        self._kept += text
        if len(self._kept) - self._start <= self._longest:
            return
        self._is_cut = True
        kept = bytes(self._kept[self._start : self._start + self._longest])
        half = _HALF_ESCAPE.search(kept)
        self._kept[self._start :] = (kept[: half.start(1)] if half else kept).decode("utf-8", "ignore").encode()

    def finish(self) -> bytes | None:
        """The line as it was kept, or None when too much is left."""
        return bytes(self._kept) if len(self._kept) <= self._most else None
