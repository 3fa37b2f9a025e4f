"""Bytes → records: one JSON object after the other, whatever the file holds; what cannot be read is noted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO

import orjson

from session_insights.records import BadLine
from session_insights.transcripts.long_lines import StringCutter, decoding_bytes

_CHUNK = 1024 * 1024
# A longer line is read with its long strings cut, so that memory stays bounded.
_LONGEST_LINE = 16 * 1024 * 1024
# A shorter line is decoded without a look at what that may take.
_HEAVY_LINE = 4 * 1024 * 1024
_MOST_DECODING_BYTES = 128 * 1024 * 1024
_LONGEST_STRING = 64 * 1024
_MOST_NOTES = 10_000  # bad lines noted one by one
_BOM = b"\xef\xbb\xbf"
_decoder = json.JSONDecoder()
# A lone surrogate is no character; U+0000 is refused by Postgres.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that Postgres and UTF-8 accept."""
    if text.isascii():
        return text.replace("\x00", "\ufffd")
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
        self._more_from = self._more_count = 0

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        tail = b""  # the start of a line whose end is not read yet
        while chunk := self._stream.read(_CHUNK):
            end = chunk.rfind(b"\n") + 1
            if not end and len(tail) + len(chunk) > _LONGEST_LINE:
                chunk = yield from self._read_long_line(tail + chunk)
                tail, end = b"", chunk.rfind(b"\n") + 1
            if end:
                yield from self._read_lines(tail + chunk[:end])
                tail = chunk[end:]
            else:
                tail += chunk

    def _read_lines(self, body: bytes) -> Iterator[dict[str, Any]]:
        """Records of complete lines."""
        self._digest.update(body)
        offset = self.read_bytes
        self.read_bytes += len(body)
        lines = body.split(b"\n")
        del body
        lines.reverse()
        lines.pop(0)
        while lines:
            line = lines.pop()
            size = len(line) + 1
            if size > _HEAVY_LINE and decoding_bytes(line) > _MOST_DECODING_BYTES:
                cutter = StringCutter(_LONGEST_STRING, _LONGEST_LINE)
                cutter.feed(line)
                line = b""
                yield from self._read_cut_line(cutter, offset, size)
            else:
                yield from self._read_line(line, offset, size)
            offset += size

    def _read_line(self, line: bytes, offset: int, size: int) -> Iterator[dict[str, Any]]:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield from self._repair(line, offset, size)
            return
        if isinstance(record, dict):
            yield record
        else:
            self._note(offset, size, "no JSON object")

    def _read_long_line(self, start: bytes) -> Generator[dict[str, Any], None, bytes]:
        """The record of an oversized line without the rest of its long strings.

        Returns (to `yield from`) what was read beyond it. When its end is not written yet, nothing of it counts.
        """
        digest, size = self._digest.copy(), 0
        cutter = StringCutter(_LONGEST_STRING, _LONGEST_LINE)
        while start:
            end = start.find(b"\n") + 1
            part = start[:end] if end else start
            digest.update(part)
            cutter.feed(part)
            size += len(part)
            if end:
                offset = self.read_bytes
                self._digest = digest
                self.read_bytes += size
                yield from self._read_cut_line(cutter, offset, size)
                return start[end:]
            start = self._stream.read(_CHUNK)
        return b""

    def _read_cut_line(self, cutter: StringCutter, offset: int, size: int) -> Iterator[dict[str, Any]]:
        line = cutter.finish()
        if line is None or decoding_bytes(line) > _MOST_DECODING_BYTES:
            self._note(offset, size, f"line of {size / 1024 / 1024:.1f} MB, too big to be read")
            return
        self._note(offset, size, f"line of {size / 1024 / 1024:.1f} MB; strings were cut at 64 KB")
        yield from self._read_line(line, offset, size)

    def _repair(self, line: bytes, offset: int, size: int) -> Iterator[dict[str, Any]]:
        """Records of a line that is not one JSON document: glued, badly encoded, with a BOM, blank."""
        body = line.removeprefix(_BOM).strip()
        if not body:
            return
        if not body.strip(b"\x00"):
            self._note(offset, size, "NUL bytes")
            return
        text = body.decode("utf-8", errors="replace")
        if "\ufffd" in text and b"\xef\xbf\xbd" not in body:
            self._note(offset, size, "not UTF-8; read with replacements")
        position = 0
        while position < len(text):
            try:
                record, position = _decoder.raw_decode(text, position)
            except (json.JSONDecodeError, RecursionError, ValueError):
                self._note(offset + len(text[:position].encode("utf-8", "surrogatepass")), size, "no JSON")
                return
            if isinstance(record, dict):
                yield record
            else:
                self._note(offset, size, "no JSON object")
            while position < len(text) and text[position] in " \t\r\n\x00":
                position += 1

    def _note(self, offset: int, size: int, reason: str) -> None:
        if self.bad_lines and self.bad_lines[-1].offset == offset:
            return
        if len(self.bad_lines) < _MOST_NOTES:
            self.bad_lines.append(BadLine(offset, size, reason))
            return
        if len(self.bad_lines) == _MOST_NOTES:
            self._more_from = offset
            self.bad_lines.append(BadLine(offset, 0, ""))
        self._more_count += 1
        self.bad_lines[-1] = BadLine(
            self._more_from, offset + size - self._more_from, f"{self._more_count:,} more bad lines in here"
        )
