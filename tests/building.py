"""Small transcripts, built: `transcript(user("fix it"), assistant(tool="Edit"))`."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Record = dict[str, Any]
_START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def user(text: str | list[Any], **more: Any) -> Record:
    return {"type": "user", "message": {"role": "user", "content": text}, **more}


def assistant(
    text: str | None = None,
    *,
    tool: str | None = None,
    given: dict[str, Any] | None = None,
    message_id: str | None = None,
    output_tokens: int = 10,
    model: str = "claude-opus-5-5",
    call: str | None = None,
    **more: Any,
) -> Record:
    """One line of a reply: a text block, or a tool call named by `call`."""
    number = next(_numbers)
    block: Record = {"type": "text", "text": text if text is not None else "Done."}
    if tool is not None:
        block = {"type": "tool_use", "id": call or f"toolu_{number}", "name": tool, "input": given or {}}
    return {
        "type": "assistant",
        "message": {
            "id": message_id or f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [block],
            "stop_reason": "tool_use" if tool else "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": output_tokens, "cache_read_input_tokens": 100},
        },
        **more,
    }


def result(call: str, text: str = "ok", *, is_error: bool = False, outcome: Any = None, **more: Any) -> Record:
    block = {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": is_error}
    record: Record = {"type": "user", "message": {"role": "user", "content": [block]}, **more}
    if outcome is not None:
        record["toolUseResult"] = outcome
    return record


def transcript(
    *records: Record,
    session_id: str = "11111111-2222-4333-8444-555555555555",
    cwd: str = "/home/alex/work/shop",
    start: datetime = _START,
    seconds: float = 30,
    entrypoint: str | None = "cli",
) -> list[Record]:
    """Records with the envelope that a session of a person has, `seconds` apart; what a record brings stays."""
    made = []
    for number, record in enumerate(records):
        envelope: Record = {
            "uuid": f"{session_id}-{number}",
            "sessionId": session_id,
            "cwd": cwd,
            "version": "2.1.330",
            "gitBranch": "main",
            "isSidechain": False,
            "timestamp": stamp(start + timedelta(seconds=seconds * number)),
        }
        if entrypoint:
            envelope["entrypoint"] = entrypoint
        if record["type"] not in ("user", "assistant", "system", "attachment", "progress", "queue-operation"):
            envelope = {"sessionId": session_id}
        made.append({**envelope, **record})
    return made


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_transcript(
    root: Path, records: list[Record], *, name: str | None = None, project: str = "-home-alex-work-shop"
) -> Path:
    path = root / project / f"{name or records[0]['sessionId']}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path
