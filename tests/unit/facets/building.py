"""Small sessions for the facet tests: `session(person("fix it"), reply("Done."), tool("Edit", "a.py"))`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from session_insights.profile import Business, Person, Priority, Profile, Skill
from session_insights.records import EntryKind, SessionForReading, StoredEntry

START = datetime(2026, 11, 16, 14, tzinfo=UTC)
PROFILE = Profile(
    owner="Alex",
    time_zone="America/New_York",
    businesses=(
        Business(slug="indy-hall", about="Coworking", paths=("*indy-hall*",), words=("coworking", "member")),
        Business(slug="stb", about="Courses", paths=("*stb*",), words=("course", "lesson")),
        Business(slug="system", about="Own tools", paths=("*automation*",), words=("cron", "backup")),
    ),
    priorities=(
        Priority(slug="growing-indy-hall", label="Grow", target_share=0.4, businesses=("indy-hall",), words=("event",)),
        Priority(slug="building-partnerships", label="Partners", target_share=0.2, words=("sponsor", "proposal")),
    ),
    skills=(
        Skill(name="compose", when="drafting or answering a mail", triggers=("reply to", "draft an email")),
        Skill(name="file-this", when="filing a link or note", triggers=("save this link",)),
    ),
    people=(
        Person(name="Maya Brooks", about="community manager", aliases=("May",)),
        Person(name="Dana Whitfield", about="sponsor"),
        Person(name="Sam Keller", about="landlord"),
        Person(name="Sam Okafor", about="freelancer"),
    ),
)


def entry(kind: EntryKind, text: str = "", **values: Any) -> StoredEntry:
    made = StoredEntry(0, kind, None, text, is_person=False, tool=None, file_path=None, skill=None)
    return replace(made, **values)


def person(text: str, kind: EntryKind = "prompt") -> StoredEntry:
    return entry(kind, text, is_person=True)


def slash(skill: str, words: str) -> StoredEntry:
    return entry("command", f"/{skill} {words}", is_person=True, skill=skill)


def reply(text: str = "Done.") -> StoredEntry:
    return entry("reply", text)


def tool(name: str, call: str = "", **values: Any) -> StoredEntry:
    path = call if name in ("Write", "Edit", "Read", "NotebookEdit") else None
    return entry("tool", call, **({"tool": name, "file_path": path} | values))


def failed(name: str, call: str, why: str = "Exit code 1") -> StoredEntry:
    path = call if name in ("Write", "Edit", "Read") else None
    return entry("tool_error", f"{call}\n→ {why}", tool=name, file_path=path)


def refused(name: str, call: str, words: str = "") -> StoredEntry:
    text = f"{call}\n→ {words}" if words else call
    return entry("rejection", text, tool=name, is_person=True)


def interrupted() -> StoredEntry:
    return entry("interruption", "[Request interrupted by user]", is_person=True)


def session(*entries: StoredEntry, **values: Any) -> SessionForReading:
    """Entries are numbered from 1 and stand a minute apart."""
    numbered = tuple(replace(e, entry_no=n, at=START + timedelta(minutes=n)) for n, e in enumerate(entries, 1))
    made = SessionForReading(
        session_id="1f3a",
        title=None,
        project="site",
        cwd="/work/elsewhere/site",
        initiated_by="user-interactive",
        resumed_from=None,
        started_at=START,
        ended_at=START + timedelta(minutes=len(entries)),
        active_minutes=float(len(entries)),
        human_prompt_count=sum(e.is_person for e in entries),
        message_count=len(entries),
        tools_used=dict(Counter(e.tool for e in entries if e.tool)),
        files_touched=dict(Counter(e.file_path for e in entries if e.file_path)),
        content_hash="c1",
        entries=numbered,
    )
    return replace(made, **values)
