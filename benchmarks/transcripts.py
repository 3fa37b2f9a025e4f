"""Transcripts made for measuring: many small ones, and one of any size.

The huge one has records that are as small and as many as they can be. Every call is a message of its own; half of the
calls never get a result, the others get theirs 30,000 calls later, when the sync has long let go of them. So all that
grows with the number of records, and all that waits, is at its largest.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_START = datetime(2026, 11, 1, tzinfo=UTC)
_LATE = 30_000  # calls; more than the sync waits for
_PIECE = 10_000


def make_many_files(folder: Path, count: int, *, first: int = 0) -> Path:
    """The folder with that many files of two turns in it, numbered from the first."""
    for number in range(first, first + count):
        path = folder / "projects" / f"-home-alex-work-{number % 50}" / f"00000000-0000-4000-8000-{number:012}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            append_turn(path)
    return folder


def append_turn(path: Path) -> None:
    with path.open("a") as stream:
        turn = stream.tell()
        common = {"sessionId": path.stem, "cwd": "/home/alex/work/shop", "version": "2.1.330", "entrypoint": "cli"}
        prompt: dict[str, Any] = {"role": "user", "content": f"Go on, from {turn}"}
        usage = {"input_tokens": 10, "output_tokens": 20}
        reply = {
            "id": f"msg-{path.stem}-{turn}",
            "model": "claude-haiku-4-5",
            "stop_reason": "end_turn",
            "usage": usage,
            "content": [{"type": "text", "text": "Done. " * 50}],
        }
        for kind, message in (("user", prompt), ("assistant", reply)):
            record = {
                **common,
                "type": kind,
                "uuid": f"{kind}-{path.stem}-{turn}",
                "timestamp": f"2026-11-16T09:{turn // 1000 % 60:02}:00Z",
                "message": message,
            }
            stream.write(json.dumps(record) + "\n")


def make_huge_file(folder: Path, gigabytes: float) -> Path:
    """The folder with the one file in it."""
    session_id = "00000000-0000-4000-8000-000000000000"
    path = folder / "projects" / "-home-alex-work-shop" / f"{session_id}.jsonl"
    path.parent.mkdir(parents=True)
    size = number = 0
    with path.open("w") as stream:
        stream.write(f'{{"type":"user","uuid":"u","sessionId":"{session_id}","message":{{"content":"go on"}}}}\n')
        while size < gigabytes * 1e9:
            size += stream.write("".join(map(_records, range(number, number + _PIECE))))
            number += _PIECE
    return folder


def _records(number: int) -> str:
    at = (_START + timedelta(milliseconds=100 * number)).isoformat()
    call = (
        f'{{"type":"assistant","uuid":"c{number}","timestamp":"{at}","message":{{"id":"m{number}","model":"claude-haiku-4-5",'
        f'"usage":{{"output_tokens":1}},"content":[{{"type":"tool_use","id":"t{number}","name":"Read","input":{{"file_path":'
        f'"/a/{number % 1000}"}}}}]}}}}\n'
    )
    if number % 2 or number < _LATE:
        return call
    return (
        f'{call}{{"type":"user","uuid":"r{number}","timestamp":"{at}","message":{{"content":[{{"type":"tool_result",'
        f'"tool_use_id":"t{number - _LATE}","content":"ok"}}]}}}}\n'
    )
