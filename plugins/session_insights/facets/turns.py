"""A session as its reader sees it: who spoke, in which words, and what was called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from session_insights.records import SessionForReading, StoredEntry

T = TypeVar("T")
CALLS = frozenset({"tool", "tool_error", "rejection", "denial"})
_MOST_EVIDENCE = 12
_ASKS = re.compile(r"\s*(?:what|why|how|when|where|who|which|is|are|can|could|do|does|did|should|any)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“][^\"“”]{25,}[\"”]", re.DOTALL)


@dataclass(frozen=True)
class Finding(Generic[T]):
    """A value and the entries that show it, in file order."""

    value: T
    entries: tuple[int, ...] = ()

    @property
    def evidence(self) -> list[int]:
        """The first entries; more would say nothing new."""
        return list(dict.fromkeys(self.entries))[:_MOST_EVIDENCE]


@dataclass(frozen=True)
class Turn:
    """Something that a person said."""

    entry_no: int
    words: str  # without quoted passages, which are somebody's text and no instruction
    full_words: str
    is_first: bool
    answers_question: bool  # Claude had just asked
    had_choice: bool  # … and named alternatives
    after_interruption: bool
    is_refusal: bool
    skill: str | None

    @property
    def is_question(self) -> bool:
        return "?" in self.words or _ASKS.match(self.words) is not None


def human_turns(session: SessionForReading) -> list[Turn]:
    """What people said, in file order: prompts, steering, the words of refusals and of slash commands.

    Where the transcript does not say who typed, as in old versions, every prompt counts.
    """
    entries = session.entries
    knows_people = any(entry.is_person for entry in entries)
    turns: list[Turn] = []
    reply, interrupted = "", False
    for entry in entries:
        if entry.kind == "reply":
            reply = entry.text.rstrip()
        elif entry.kind == "interruption":
            interrupted = True
        elif entry.is_person or (not knows_people and entry.kind in ("prompt", "steering")):
            words = said_in(entry).replace("’", "'")
            if not words:
                continue
            last = reply.rsplit("\n", 1)[-1]
            turns.append(
                Turn(
                    entry_no=entry.entry_no,
                    words=_QUOTED.sub(" ", words),
                    full_words=words,
                    is_first=not turns,
                    answers_question=reply.endswith("?"),
                    had_choice=reply.endswith("?") and " or " in last.rsplit(". ", 1)[-1],
                    after_interruption=interrupted,
                    is_refusal=entry.kind == "rejection",
                    skill=entry.skill,
                )
            )
            reply, interrupted = "", False
    return turns


def said_in(entry: StoredEntry) -> str:
    """A person's own words in an entry; empty for an act without words."""
    if entry.kind == "rejection":
        return entry.text.partition("\n→ ")[2].strip()
    if entry.kind == "command":
        return entry.text.partition(" ")[2].strip() if entry.text.startswith("/") else ""
    if entry.kind in ("prompt", "steering"):
        return entry.text.strip()
    return ""


def call_of(entry: StoredEntry) -> str:
    """What was called, without its result."""
    return entry.text.partition("\n→ ")[0].strip()


def shorten(text: str, most: int) -> str:
    """One line of at most `most` characters, cut at a sentence or else at a word."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[:most]
    sentence = max(cut.rfind(". "), cut.rfind("? "), cut.rfind("! "))
    if sentence >= most // 3:
        return cut[: sentence + 1]
    return cut[: cut.rfind(" ") if " " in cut[most // 2 :] else most - 1].rstrip(" ,;:") + "…"
