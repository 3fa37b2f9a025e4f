"""Bytes → records: one JSON object after the other, whatever the file holds; what cannot be read is noted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from session_insights.records import BadLine

_LONGEST_LINE = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_decoder = json.JSONDecoder()
# A lone surrogate is no character; U+0000 is refused by Postgres.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that Postgres and UTF-8 accept."""
    return _UNSTORABLE.sub("\ufffd", text) if _UNSTORABLE.search(text) else text


class LineReader:
    """Reads a file once, from its start to its last complete line.

    An unterminated tail is left for the next time: somebody is writing it.

    Attributes:
        read_bytes: Up to where lines were complete; known when iteration has ended.
        bad_lines: Stretches that gave no record, or only after repair.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.blake2b(digest_size=16)
        self.read_bytes = 0
        self.bad_lines: list[BadLine] = []

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while True:
            line = self._stream.readline(_LONGEST_LINE)
            if not line:
                return
            offset, size = self.read_bytes, len(line)
            if not line.endswith(b"\n"):
                if size < _LONGEST_LINE:
                    return
                size = self._skip_line(line)
                if size == 0:
                    return
                self._note(offset, size, f"line longer than {_LONGEST_LINE // 1024 // 1024} MB")
                continue
            self._digest.update(line)
            self.read_bytes += size
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield from self._repair(line, offset)
                continue
            if isinstance(record, dict):
                yield record
            else:
                self._note(offset, size, "no JSON object")

    def _skip_line(self, start: bytes) -> int:
        """Pass over the rest of an oversized line; 0 when its end is not written yet."""
        digest, size = self._digest.copy(), len(start)
        digest.update(start)
        while not start.endswith(b"\n"):
            start = self._stream.readline(_CHUNK)
            if not start:
                return 0
            digest.update(start)
            size += len(start)
        self._digest = digest
        self.read_bytes += size
        return size

    def _repair(self, line: bytes, offset: int) -> Iterator[dict[str, Any]]:
        """Records of a line that is not one JSON document: glued, badly encoded, with a BOM, blank."""
        body = line.removeprefix(_BOM).strip()
        if not body:
            return
        if not body.strip(b"\x00"):
            self._note(offset, len(line), "NUL bytes")
            return
        text = body.decode("utf-8", errors="replace")
        if "\ufffd" in text and b"\xef\xbf\xbd" not in body:
            self._note(offset, len(line), "not UTF-8; read with replacements")
        position = 0
        while position < len(text):
            try:
                record, position = _decoder.raw_decode(text, position)
            except (json.JSONDecodeError, RecursionError, ValueError):
                self._note(offset + len(text[:position].encode("utf-8", "surrogatepass")), len(line), "no JSON")
                return
            if isinstance(record, dict):
                yield record
            else:
                self._note(offset, len(line), "no JSON object")
            while position < len(text) and text[position] in " \t\r\n\x00":
                position += 1

    def _note(self, offset: int, size: int, reason: str) -> None:
        if not self.bad_lines or self.bad_lines[-1].offset != offset:
            self.bad_lines.append(BadLine(offset, size, reason))
