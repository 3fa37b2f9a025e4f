"""What a person said while Claude worked. It stands outside the user records, in up to three copies.

Source: transcript-format §4.3.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from session_insights.transcripts.people import has_image, is_machine_text, peel, texts_of

_SLASH_COMMAND = re.compile(r"/[A-Za-z][\w:-]*(\s|$)")


@dataclass(frozen=True)
class Steering:
    """One thing said."""

    text: str
    record_no: int
    at: datetime | None
    uuid: str | None = None
    queued_no: int = 0  # record that put it into the queue

    @property
    def kind(self) -> Literal["steering", "command"]:
        return "command" if _SLASH_COMMAND.match(self.text) else "steering"


class SteeringQueue:
    """Follows the queue of typed messages and gives each delivered one once."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, int]] = []
        self._removed: list[Steering] = []
        self._attached: list[Steering] = []
        self._beside: list[Steering] = []
        self._prompts = array("q")  # hashes of their words
        self._prompt_nos = array("q")  # their records, ascending

    def operate(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        """A `queue-operation`: `remove` was absorbed, `dequeue` became a user record, `popAll` was taken back."""
        operation, text = record.get("operation"), _words(record.get("content"))
        if operation == "enqueue":
            self._waiting.append((text, record_no))
        elif operation == "popAll":
            self._waiting.clear()
        elif operation in ("dequeue", "remove") and self._waiting:
            place = next((n for n, (waiting, _) in enumerate(self._waiting) if text and waiting == text), 0)
            taken, queued_no = self._waiting.pop(place)
            if operation == "remove" and not is_machine_text(taken):
                self._removed.append(Steering(taken, record_no, at, queued_no=queued_no))

    def attach(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        """An `attachment` of type queued_command, as newer versions write it."""
        attachment = record.get("attachment")
        if not isinstance(attachment, dict) or attachment.get("type") != "queued_command":
            return
        origin = attachment.get("origin")
        kind = origin.get("kind") if isinstance(origin, dict) else None
        text = _words(attachment.get("prompt"))
        if kind in (None, "human") and not is_machine_text(text):
            self._attached.append(Steering(text, record_no, at, _uuid(record)))

    def beside(self, text: str, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        """Text beside a tool result."""
        self._beside.append(Steering(text, record_no, at, _uuid(record)))

    def said(self, text: str, record_no: int) -> None:
        """A prompt of its own: what left the queue for it is not steering."""
        self._prompts.append(hash(text.strip()))
        self._prompt_nos.append(record_no)

    def _became_prompt(self, removed: Steering) -> bool:
        """The next prompt after it was queued, or the next one after it left, has its words."""
        start = bisect_right(self._prompt_nos, removed.queued_no)
        end = bisect_right(self._prompt_nos, removed.record_no)
        return hash(removed.text.strip()) in self._prompts[start : end + 1]

    def delivered(self) -> list[Steering]:
        """In file order; of the three places where the same words stand, the one that has them most often counts."""
        removed = [steering for steering in self._removed if not self._became_prompt(steering)]
        kept: list[Steering] = []
        for copies in (self._attached, self._beside, removed):
            known = Counter(steering.text.strip() for steering in kept)
            for steering in copies:
                words = steering.text.strip()
                if known[words] > 0:
                    known[words] -= 1
                else:
                    kept.append(steering)
        return sorted(kept, key=lambda steering: steering.record_no)


def _words(content: Any) -> str:
    """Typed words without what the CLI put in front of them."""
    text = peel("\n".join(texts_of(content)))
    return "[image]" if not text.strip() and has_image(content) else text


def _uuid(record: dict[str, Any]) -> str | None:
    uuid = record.get("uuid")
    return uuid if isinstance(uuid, str) else None
