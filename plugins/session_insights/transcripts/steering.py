"""What a person said while Claude worked. It stands outside the user records, in up to three copies.

Source: transcript-format §4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from session_insights.transcripts.people import is_machine_text, texts_of


@dataclass(frozen=True)
class Steering:
    """One thing said."""

    text: str
    record_no: int
    at: datetime | None
    uuid: str | None = None


class SteeringQueue:
    """Follows the queue of typed messages and gives each delivered one once."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._removed: list[Steering] = []
        self._certain: list[Steering] = []
        self._prompts: set[str] = set()

    def operate(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        """A `queue-operation`: `remove` was absorbed, `dequeue` became a user record, `popAll` was taken back."""
        operation, text = record.get("operation"), "\n".join(texts_of(record.get("content")))
        if operation == "enqueue":
            self._waiting.append(text)
        elif operation == "popAll":
            self._waiting.clear()
        elif operation in ("dequeue", "remove") and self._waiting:
            place = self._waiting.index(text) if text in self._waiting else 0
            taken = self._waiting.pop(place)
            if operation == "remove" and not is_machine_text(taken):
                self._removed.append(Steering(taken, record_no, at))

    def attach(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        """An `attachment` of type queued_command, as newer versions write it."""
        attachment = record.get("attachment")
        if not isinstance(attachment, dict) or attachment.get("type") != "queued_command":
            return
        origin = attachment.get("origin")
        kind = origin.get("kind") if isinstance(origin, dict) else None
        text = "\n".join(texts_of(attachment.get("prompt")))
        if kind in (None, "human") and not is_machine_text(text):
            self._keep(text, record, record_no, at)

    def beside(self, text: str, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        """Text beside a tool result."""
        self._keep(text, record, record_no, at)

    def said(self, text: str) -> None:
        """A prompt of its own: what left the queue for it is not steering."""
        self._prompts.add(text.strip())

    def _keep(self, text: str, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        uuid = record.get("uuid")
        if all(known.text.strip() != text.strip() for known in self._certain):
            self._certain.append(Steering(text, record_no, at, uuid if isinstance(uuid, str) else None))

    def delivered(self) -> list[Steering]:
        """In file order."""
        certain = {known.text.strip() for known in self._certain}
        queued = [s for s in self._removed if s.text.strip() not in certain and s.text.strip() not in self._prompts]
        return sorted([*self._certain, *queued], key=lambda steering: steering.record_no)
