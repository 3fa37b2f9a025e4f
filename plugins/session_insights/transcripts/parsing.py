"""A file → its sessions: the main one, and the sub-agents that stand inside it."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from session_insights.errors import NoRoom, UnreadableTranscript
from session_insights.locations import needs_room
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.transcripts.files import meta_path
from session_insights.transcripts.folding import SessionFold
from session_insights.transcripts.lines import LineReader, clean
from session_insights.transcripts.redaction import mask_secrets

# Nothing of these is counted, and they can be most of a file.
_PASSED_OVER = frozenset({"api-request-shape", "api-request-blob", "file-history-delta"})
_NO_PART_OF_AN_ID = re.compile(r"[^A-Za-z0-9_.-]")
# What a copied record of a sub-agent takes from the progress line around it.
_ENVELOPE = ("cwd", "version", "gitBranch", "entrypoint", "timestamp")


def parse_file(
    file: TranscriptFile, *, entry_characters: int, place: Path | None = None, is_packed: bool = False
) -> ParsedFile:
    """Read one transcript from its start to its last complete line.

    Args:
        place: Where its bytes are, when they are not where its name says; the `.meta.json` is beside them.
        is_packed: Rows as Postgres takes them, so that a file of any size fits in memory; else as records.

    Raises:
        UnreadableTranscript: The file cannot be opened or read.
    """
    place = place or Path(file.path)
    try:
        with needs_room(Path(tempfile.gettempdir())), place.open("rb", buffering=1024 * 1024) as stream:
            return _parse(file, LineReader(stream), entry_characters, meta_path(place), is_packed=is_packed)
    except NoRoom as error:  # where its pieces wait
        raise UnreadableTranscript(f"{file.path}: {error}") from None
    except OSError as error:
        raise UnreadableTranscript(f"{file.path}: {error.strerror}") from None


def _parse(
    file: TranscriptFile, reader: LineReader, entry_characters: int, meta: Path, *, is_packed: bool
) -> ParsedFile:
    counts: Counter[str] = Counter()
    folds: dict[str, SessionFold] = {}
    roots: dict[str, str] = {}  # uuid of an inline sidechain's record → its agent
    main_id = file.session_id

    def fold(session_id: str, parent: str | None) -> SessionFold:
        if session_id not in folds:
            folds[session_id] = SessionFold(session_id, parent, entry_characters=entry_characters)
        return folds[session_id]

    for record_no, record in enumerate(reader, 1):
        kind = record.get("type")
        counts[clean(kind)[:60] if isinstance(kind, str) else "?"] += 1
        if isinstance(kind, str) and kind in _PASSED_OVER:
            continue
        if main_id is None:  # a flat agent file: its records name the parent
            parent = record.get("sessionId")
            if not isinstance(parent, str):
                continue
            parent = _safe_id(parent)
            main_id = f"{parent}/agent-{file.agent_id}"
            file = replace(file, session_id=main_id, parent_session_id=parent)
        nested = _agent_progress(record)
        if nested is not None and nested[0] != file.agent_id:
            agent, inner = nested
            root_id = file.parent_session_id or main_id
            fold(f"{root_id}/agent-{agent}", root_id).add(inner, record_no)
            record = {key: value for key, value in record.items() if key != "data"}
        if file.agent_id is not None:
            fold(main_id, file.parent_session_id).add(record, record_no)
        elif record.get("isSidechain") is True:
            agent = _inline_agent(record, roots)
            fold(f"{main_id}/agent-{agent}", main_id).add(record, record_no)
        else:
            fold(main_id, None).add(record, record_no)
    digest = reader.digest
    if main_id in folds and file.agent_id is not None:
        agent_type = folds[main_id].agent_type = _agent_type(meta)
        digest = hashlib.blake2b(f"{digest} {agent_type}".encode(), digest_size=16).hexdigest()
    return ParsedFile(
        file=file,
        read_bytes=reader.read_bytes,
        digest=digest,
        record_counts={mask_secrets(kind): count for kind, count in counts.items()},
        bad_lines=tuple(reader.bad_lines),
        sessions=tuple(fold.finish(is_packed=is_packed) for fold in folds.values()),
    )


def _inline_agent(record: dict[str, Any], roots: dict[str, str]) -> str:
    """Which sub-agent an inline record belongs to: by agentId, else by the chain of parents to its first prompt."""
    agent = record.get("agentId")
    if isinstance(agent, str):
        agent = _safe_id(agent)
    else:
        parent = record.get("parentUuid")
        agent = roots.get(parent) if isinstance(parent, str) else None
    uuid = record.get("uuid")
    if agent is None:
        agent = f"inline-{len(set(roots.values())) + 1}"
    if isinstance(uuid, str):
        roots[uuid] = agent
    return agent


def _agent_progress(record: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """(agent, record) of a progress line that carries a copy of a sub-agent's message."""
    data = record.get("data")
    if record.get("type") != "progress" or not isinstance(data, dict) or data.get("type") != "agent_progress":
        return None
    inner, agent = data.get("message"), data.get("agentId")
    if not isinstance(inner, dict) or not isinstance(agent, str):
        return None
    return _safe_id(agent), {**{key: record[key] for key in _ENVELOPE if key in record}, **inner}


def _safe_id(text: str) -> str:
    """An id out of a record, without what could make a path of it."""
    return _NO_PART_OF_AN_ID.sub("-", text)[:100]


def _agent_type(path: Path) -> str | None:
    try:
        meta = json.loads(path.read_bytes()[:65_536])
    except (OSError, ValueError):
        return None
    agent_type = meta.get("agentType") if isinstance(meta, dict) else None
    return agent_type if isinstance(agent_type, str) else None
