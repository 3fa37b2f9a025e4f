"""Where a session ran and who started it, told from its records.

Source: transcript-format §6, §7 and §10.7, §10.8.
"""

from __future__ import annotations

import re
from typing import Any

from session_insights.records import OWN_WORK, Category, Entry

PROGRAMS = frozenset({"headless", "sdk", "sub-agent"})
_KEPT = ("cwd", "gitBranch", "version", "entrypoint", "sessionKind")
_WORKTREE = re.compile(r"[/\\]\.claude[/\\]worktrees[/\\].*$")


class Identity:
    """Collects facts; a session's file decides, and a stray record of another session fills gaps only."""

    def __init__(self, session_id: str, parent_session_id: str | None) -> None:
        self._is_subagent = parent_session_id is not None
        self._session_id = parent_session_id or session_id
        self._own: dict[str, str] = {}
        self._stray: dict[str, str] = {}
        self._worktrees: dict[str, str] = {}  # folder of a worktree → folder that it was made from
        self.prompts_of_people = self.prompts_of_programs = 0
        self.starts_queued = self.looks_interactive = False

    def get(self, key: str) -> str | None:
        return self._own.get(key, self._stray.get(key))

    def keep(self, record: dict[str, Any]) -> None:
        """The first folder and the last of everything else."""
        owner = record.get("sessionId")
        facts = self._own if owner is None or owner == self._session_id else self._stray
        for key in _KEPT:
            value = record.get(key)
            if isinstance(value, str) and value and (key != "cwd" or key not in facts):
                facts[key] = value
        forked = record.get("forkedFrom")
        if isinstance(forked, dict) and isinstance(forked.get("sessionId"), str):
            facts["forkedFrom"] = forked["sessionId"]

    def observe(self, record: dict[str, Any]) -> None:
        """Signs of an interactive session, and which folder a worktree belongs to."""
        if record.get("type") == "file-history-snapshot" or "thinkingMetadata" in record:
            self.looks_interactive = True
        if record.get("type") != "worktree-state":
            return
        state = record.get("worktreeSession")
        if isinstance(state, dict):
            place, origin = state.get("worktreePath"), state.get("originalCwd")
            if isinstance(place, str) and place and isinstance(origin, str):
                self._worktrees[place] = origin

    def count_prompt(self, program: bool | None) -> None:
        self.prompts_of_programs += program is True
        self.prompts_of_people += program is False

    @property
    def project(self) -> str | None:
        cwd = self.get("cwd")
        for place, origin in self._worktrees.items():
            if cwd is not None and (cwd == place or cwd.startswith((f"{place}/", f"{place}\\"))):
                cwd = origin
        return project_of(cwd)

    @property
    def initiated_by(self) -> str | None:
        """None when the format does not say."""
        entrypoint = self.get("entrypoint") or ""
        if self._is_subagent:
            return "sub-agent"
        if self.prompts_of_people:
            return "user-interactive"
        if entrypoint == "sdk-cli" or (self.get("sessionKind") or "").startswith("daemon"):
            return "headless"
        if not entrypoint and self.starts_queued and not self.looks_interactive:
            return "headless"
        if self.prompts_of_programs or entrypoint.startswith("sdk-"):
            return "sdk"
        return "user-interactive" if entrypoint or self.looks_interactive else None

    def category(self, entries: tuple[Entry, ...], *, has_messages: bool) -> Category:
        prompts = [entry.text for entry in entries if entry.kind == "prompt"]
        if self._is_subagent:
            return "warmup" if prompts == ["Warmup"] else "subagent"
        if prompts and prompts[0].startswith(OWN_WORK):
            return "plumbing"
        if not has_messages and not any(entry.kind == "api_error" for entry in entries):
            return "stub"
        return "automated" if self.initiated_by in PROGRAMS else "human"


def project_of(cwd: str | None) -> str | None:
    """The last folder of the path; a worktree belongs to its repository."""
    if not cwd:
        return None
    parts = [part for part in re.split(r"[/\\]", _WORKTREE.sub("", cwd)) if part]
    return parts[-1] if parts else cwd
