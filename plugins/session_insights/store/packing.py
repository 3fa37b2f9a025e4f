"""Messages and entries → lines of Postgres's `copy` text format.

Made in the process that read the file: bytes travel between processes for a third of what records cost, and the one
connection that writes has nothing left to do but to pass them on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from session_insights.records import Entry, Message, PackedRows
from session_insights.spool import Spool

MESSAGE_COLUMNS = [field.name for field in fields(Message)]
ENTRY_COLUMNS = [field.name for field in fields(Entry)]
Row = TypeVar("Row", Message, Entry)
_PIECE = 1_000  # rows
_HELD_BYTES = 2 * 1024 * 1024  # rows of one session that are held in memory; several sessions are at a time
_message_values = attrgetter(*MESSAGE_COLUMNS)
_entry_values = attrgetter(*ENTRY_COLUMNS)


def pack_rows(session_id: str, messages: Iterable[Message], entries: Iterable[Entry]) -> PackedRows:
    """Rows in pieces; those of a huge session wait in a file for the connection that writes them."""
    owner = _escape(session_id)
    packed_messages: Spool[tuple[list[str], list[bytes]]] = Spool(memory_bytes=_HELD_BYTES)
    packed_entries: Spool[bytes] = Spool(memory_bytes=_HELD_BYTES)
    message_count = entry_count = 0
    for piece in _pieces(messages):
        lines = [_line(owner, _message_values(message)).encode() for message in piece]
        packed_messages.append(([message.message_id for message in piece], lines), 300 * len(lines))
        message_count += len(piece)
    for some in _pieces(entries):
        body = "".join([f"{_line(owner, _entry_values(entry))}\n" for entry in some]).encode()
        packed_entries.append(body, len(body))
        entry_count += len(some)
    return PackedRows(packed_messages, message_count, packed_entries, entry_count)


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while piece := list(islice(rest, _PIECE)):
        yield piece


def _line(session_id: str, values: tuple[Any, ...]) -> str:
    return "\t".join([session_id, *[_WRITERS[type(value)](value) for value in values]])


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _escape,
    int: int.__repr__,
    float: float.__repr__,
    bool: {True: "t", False: "f"}.__getitem__,
    type(None): {None: "\\N"}.__getitem__,
    datetime: datetime.isoformat,
}
