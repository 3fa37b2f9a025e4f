"""Records → one session, as the tests of this folder need it."""

from __future__ import annotations

from typing import Any

from session_insights.records import Entry, ParsedSession
from session_insights.transcripts.folding import SessionFold
from tests.building import Record, transcript


def fold(*records: Record, session_id: str = "s", parent: str | None = None, **options: Any) -> ParsedSession:
    made = SessionFold(session_id, parent, entry_characters=1000)
    for number, record in enumerate(transcript(*records, **options), 1):
        made.add(record, number)
    return made.finish()


def kinds(session: ParsedSession) -> list[str]:
    return [entry.kind for entry in session.entries]


def of_kind(session: ParsedSession, *wanted: str) -> list[Entry]:
    return [entry for entry in session.entries if entry.kind in wanted]


def queued(operation: str, content: Any = None) -> Record:
    record: Record = {"type": "queue-operation", "operation": operation}
    return record if content is None else {**record, "content": content}


def local_command(content: str, **more: Any) -> Record:
    return {"type": "system", "subtype": "local_command", "content": content, **more}
