"""Parsed files as a reader of facets gets them, without Postgres in between: for evaluating readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from session_insights.records import Entry, ParsedFile, ParsedSession, SessionForReading, StoredEntry

_LONGEST_PAUSE_SECONDS = 300.0
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def sessions_for_reading(files: Iterable[ParsedFile]) -> dict[str, SessionForReading]:
    """Sessions by id, sub-agents left out; the same as a sync of these files would give.

    History that a fork copied belongs to the session that stopped first, as in `include/sql/sessions/claim_owners.sql`.
    """
    sessions = [session for file in files for session in file.sessions if session.parent_session_id is None]
    sessions.sort(key=lambda session: (session.last_record_at or _LONG_AGO, session.session_id))
    owners: dict[str, ParsedSession] = {}
    found = {}
    for session in sessions:
        taken = [owners[message.message_id] for message in session.messages if message.message_id in owners]
        found[session.session_id] = _for_reading(session, owners, taken[-1] if taken else None)
        for message in session.messages:
            owners.setdefault(message.message_id, session)
    return found


def _for_reading(
    session: ParsedSession, owners: dict[str, ParsedSession], origin: ParsedSession | None
) -> SessionForReading:
    entries = _own_entries(session, owners, origin)
    starts = [entry.since for entry in entries if entry.since is not None]
    started_at = session.first_record_at if origin is None else min(starts, default=session.last_record_at)
    return SessionForReading(
        session_id=session.session_id,
        title=session.title,
        project=session.project,
        cwd=session.cwd,
        initiated_by=session.initiated_by,
        resumed_from=session.forked_from or (origin.session_id if origin else None),
        started_at=started_at or _LONG_AGO,
        ended_at=session.last_record_at or _LONG_AGO,
        active_minutes=sum(round(entry.active_seconds * 1000) for entry in entries) / 60_000,
        human_prompt_count=sum(entry.is_person and entry.kind in ("prompt", "steering") for entry in entries),
        message_count=sum(message.message_id not in owners for message in session.messages),
        tools_used=dict(Counter(entry.tool for entry in entries if entry.tool is not None)),
        files_touched=dict(Counter(entry.file_path for entry in entries if entry.file_path is not None)),
        content_hash=session.content_hash,
        entries=tuple(
            StoredEntry(
                entry_no=entry.entry_no,
                kind=entry.kind,
                at=entry.at,
                text=entry.text,
                is_person=entry.is_person,
                tool=entry.tool,
                file_path=entry.file_path,
                skill=entry.skill,
            )
            for entry in entries
        ),
    )


def _own_entries(session: ParsedSession, owners: dict[str, ParsedSession], origin: ParsedSession | None) -> list[Entry]:
    """Without copied history: it stands at the start, up to the last message or record that the origin has too."""
    if origin is None:
        return list(session.entries)
    known = {entry.uuid for entry in origin.entries if entry.uuid}
    copied_no = max(message.last_record_no for message in session.messages if message.message_id in owners)
    own = [entry for entry in session.entries if entry.record_no > copied_no and entry.uuid not in known]
    if own and own[0].at is not None and own[0].since is not None:
        # The pause between the history and what follows it is not this session's time.
        seconds = (own[0].at - own[0].since).total_seconds()
        own[0] = replace(own[0], active_seconds=min(seconds, _LONGEST_PAUSE_SECONDS))
    return own
