"""What a session is called: by its person, by Claude, or by its first prompt.

Source: transcript-format §2; a title is written again on each launch, and the last one counts.
"""

from __future__ import annotations

import re
from typing import Any

from session_insights.transcripts.hashes import SeenIds

_TEXT_OF = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}
# Answers of the API that were once kept as a title.
_GARBAGE = re.compile(
    r"^(Invalid API key|API Error|Credit balance is too low|Claude (AI )?usage limit reached|No response requested)"
    r"|Please run /login",
    re.IGNORECASE,
)


class Titles:
    """Takes title records in file order; `choose` gives the one that counts."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._summaries: list[tuple[str, str]] = []  # (leafUuid, text)
        self._worktree: str | None = None

    def keep(self, record: dict[str, Any]) -> bool:
        """True when the record is about a title."""
        kind = record.get("type")
        if kind == "worktree-state":
            session = record.get("worktreeSession")
            name = session.get("worktreeName") if isinstance(session, dict) else None
            self._worktree = name if isinstance(name, str) else self._worktree
            return False
        if not isinstance(kind, str) or kind not in _TEXT_OF:
            return False
        text, leaf = record.get(_TEXT_OF[kind]), record.get("leafUuid")
        if not isinstance(text, str) or not text.strip():
            return True
        if kind == "custom-title":
            self._said[kind] = text
        elif _GARBAGE.search(text.strip()) is None:
            if kind == "ai-title":
                self._said[kind] = text
            elif isinstance(leaf, str):
                self._summaries.append((leaf, text))
        return True

    def choose(self, uuids: SeenIds) -> str | None:
        """A summary is also written into other sessions' files: it counts where its last record is.

        Args:
            uuids: All that the file has.
        """
        custom = self._said.get("custom-title")
        # Entering a worktree gives the session the worktree's name.
        if custom is not None and custom != self._worktree:
            return custom
        if "ai-title" in self._said:
            return self._said["ai-title"]
        own = [text for leaf, text in self._summaries if leaf in uuids]
        return own[-1] if own else custom
