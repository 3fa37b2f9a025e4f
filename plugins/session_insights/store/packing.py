"""Messages and entries → lines of Postgres's `copy` text format.

Made in the process that read the file: bytes travel between processes for a third of what records cost, and the one
connection that writes has nothing left to do but to pass them on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from session_insights.records import Entry, Message, PackedRows, ParsedFile, ParsedSession

MESSAGE_COLUMNS = [field.name for field in fields(Message)]
ENTRY_COLUMNS = [field.name for field in fields(Entry)]
_PIECE = 1_000  # entries
_message_values = attrgetter(*MESSAGE_COLUMNS)
_entry_values = attrgetter(*ENTRY_COLUMNS)


def pack_file(parsed: ParsedFile) -> ParsedFile:
    """The same file with its rows packed."""
    sessions = (
        replace(session, messages=(), entries=(), packed=pack_rows(session)) if session.packed is None else session
        for session in parsed.sessions
    )
    return replace(parsed, sessions=tuple(sessions))


def pack_rows(session: ParsedSession) -> PackedRows:
    if session.packed is not None:
        return session.packed
    owner = _escape(session.session_id)
    return PackedRows(
        message_ids=tuple(message.message_id for message in session.messages),
        messages=tuple(_line(owner, _message_values(message)).encode() for message in session.messages),
        entries=tuple(_entry_lines(owner, session.entries[at : at + _PIECE]) for at in _starts(session)),
        entry_count=len(session.entries),
    )


def _starts(session: ParsedSession) -> range:
    return range(0, len(session.entries), _PIECE)


def _entry_lines(session_id: str, entries: tuple[Entry, ...]) -> bytes:
    return "".join(f"{_line(session_id, _entry_values(entry))}\n" for entry in entries).encode()


def _line(session_id: str, values: tuple[Any, ...]) -> str:
    return "\t".join([session_id, *[_WRITERS[type(value)](value) for value in values]])


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _escape,
    int: int.__repr__,
    float: float.__repr__,
    bool: lambda value: "t" if value else "f",
    type(None): lambda _: "\\N",
    datetime: datetime.isoformat,
}
