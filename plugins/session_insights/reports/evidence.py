"""The sessions behind a finding: enough to recognise each, and the command that opens it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from session_insights.profile import Profile
from session_insights.wording import capital, moment, number, plural, shorten

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,120}")
LONGEST_TITLE, LONGEST_TEXT = 160, 400


@dataclass(frozen=True)
class EvidenceItem:
    when: str  # Mon 16 Nov, 10:12
    active: str  # 31 min active
    times: str  # 3 times: how often it went wrong; empty for once, or where that is not counted
    project: str
    title: str
    text: str
    command: str  # claude --resume …; empty when the id is none that a shell may be given
    session_id: str


def build_evidence(
    items: Sequence[dict[str, Any]], profile: Profile, *, says_times: bool = True
) -> tuple[EvidenceItem, ...]:
    """`says_times` is off where the account of a session says how often: "3 of 7 calls failed"."""
    return tuple(
        EvidenceItem(
            when=moment(item["started_at"], profile.zone) if item.get("started_at") else "",
            active=f"{plural(item['active_minutes'], 'min', 'min')} active"
            if item.get("active_minutes") is not None
            else "",
            times=f"{number(item['points'])} times" if says_times and (item.get("points") or 0) > 1 else "",
            project=shorten(item.get("project") or "", 60),
            title=shorten(item.get("title") or "Without a title", LONGEST_TITLE),
            text=shorten(_account(item), LONGEST_TEXT),
            command=resume_command(str(item.get("session_id") or "")),
            session_id=str(item.get("session_id") or ""),
        )
        for item in items
    )


def _account(item: dict[str, Any]) -> str:
    """What went wrong, and what the session was about where that says more."""
    detail, summary, title = (" ".join(str(item.get(key) or "").split()) for key in ("detail", "summary", "title"))
    for sign in (": ", " – "):
        if title and summary.startswith(title + sign):
            summary = capital(summary.removeprefix(title + sign))  # the title stands above it
    if not detail or not summary or detail in summary:
        return summary or detail
    return f"{detail if detail[-1] in '.!?…' else detail + '.'} {summary}"


def resume_command(session_id: str) -> str:
    """Only what looks like an id becomes part of a line that somebody will paste into a shell."""
    return f"claude --resume {session_id}" if _SESSION_ID.fullmatch(session_id) else ""
