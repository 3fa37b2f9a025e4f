"""One usage per API message: repeated on each of its lines, never additive.

Source: transcript-format §3: key on `message.id` alone, field-wise maximum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from session_insights.llm.cost import price_message
from session_insights.records import Message
from session_insights.spool import Spool
from session_insights.transcripts.hashes import SeenIds
from session_insights.transcripts.lines import clean
from session_insights.transcripts.redaction import mask_secrets

SYNTHETIC = "<synthetic>"
_NEAR = 2_000  # messages held as they are, at least; twice as many at most
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")
_MOST = 10**12  # tokens; above it a number is a mistake


@dataclass(slots=True)
class Usage:
    """What the lines of one message have said so far."""

    model: str
    at: datetime | None
    last_record_no: int
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    is_final: bool = False

    def add(self, usage: Any, *, record_no: int, is_final: bool) -> None:
        self.last_record_no = record_no
        self.is_final = self.is_final or is_final
        if not isinstance(usage, dict):
            return
        self.input_tokens = max(self.input_tokens, _count(usage.get("input_tokens")))
        self.output_tokens = max(self.output_tokens, _count(usage.get("output_tokens")))
        self.cache_read_tokens = max(self.cache_read_tokens, _count(usage.get("cache_read_input_tokens")))
        written = _count(usage.get("cache_creation_input_tokens"))
        split = usage.get("cache_creation")
        hour = _count(split.get("ephemeral_1h_input_tokens")) if isinstance(split, dict) else 0
        short = _count(split.get("ephemeral_5m_input_tokens")) if isinstance(split, dict) else 0
        # The split may be missing or incomplete; what it does not name is a 5-minute write.
        self.cache_write_1h_tokens = max(self.cache_write_1h_tokens, hour)
        self.cache_write_5m_tokens = max(self.cache_write_5m_tokens, short, written - hour)

    def take_in(self, later: Usage) -> None:
        """What later lines of the same message said."""
        self.last_record_no = max(self.last_record_no, later.last_record_no)
        self.is_final = self.is_final or later.is_final
        for name in _TOKENS:
            setattr(self, name, max(getattr(self, name), getattr(later, name)))

    def message(self, message_id: str) -> Message:
        return Message(
            message_id=clean(message_id),
            at=self.at,
            last_record_no=self.last_record_no,
            model=_model_name(self.model[:200]),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cache_read_tokens=self.cache_read_tokens,
            cache_write_5m_tokens=self.cache_write_5m_tokens,
            cache_write_1h_tokens=self.cache_write_1h_tokens,
            is_final=self.is_final,
            cost_usd=price_message(
                self.model,
                self.at,
                input_tokens=self.input_tokens,
                output_tokens=self.output_tokens,
                cache_read_tokens=self.cache_read_tokens,
                cache_write_5m_tokens=self.cache_write_5m_tokens,
                cache_write_1h_tokens=self.cache_write_1h_tokens,
            ),
        )


class Usages:
    """Messages in the order of their first lines. A long session's older ones wait in a file."""

    def __init__(self) -> None:
        self._older: Spool[list[tuple[str, Usage]]] = Spool(memory_bytes=0)
        self._older_ids = SeenIds()
        self._near: dict[str, Usage] = {}
        self._late: dict[str, Usage] = {}  # what lines said of older messages

    def __bool__(self) -> bool:
        return bool(self._near)

    def of(self, message_id: str, model: Any, at: datetime | None, record_no: int) -> Usage:
        """Where a line's usage goes."""
        usage = self._near.get(message_id) or self._late.get(message_id)
        if usage is None:
            model = model[:200] if isinstance(model, str) and model else "unknown"
            usage = Usage(model, at, record_no)
            if message_id in self._older_ids:
                self._late[message_id] = usage
                return usage
            self._near[message_id] = usage
            if len(self._near) == 2 * _NEAR:
                done = list(islice(self._near.items(), _NEAR))
                self._older.append(done, _NEAR)
                for older_id, _ in done:
                    del self._near[older_id]
                    self._older_ids.add(older_id)
        return usage

    def messages(self) -> Iterator[Message]:
        """All of them; no line is taken in after that."""
        self._older_ids = SeenIds()
        for piece in self._older:
            for message_id, usage in piece:
                if message_id in self._late:
                    usage.take_in(self._late[message_id])
                yield usage.message(message_id)
        for message_id, usage in self._near.items():
            yield usage.message(message_id)


@lru_cache(maxsize=64)
def _model_name(text: str) -> str:
    return mask_secrets(clean(text))


def _count(value: Any) -> int:
    """A count as a number; 0 for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return int(value) if 0 <= value <= _MOST else 0
