"""Facets that can be counted: what a session's entries say for certain."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from session_insights.facets import phrases
from session_insights.facets.corrections import find_corrections
from session_insights.facets.turns import CALLS, Finding, call_of, human_turns
from session_insights.records import SessionForReading, StoredEntry

# What the transcript calls it → what a facet calls it; what says too little is left unknown.
_STARTED_BY = {"user-interactive": "user-interactive", "sub-agent": "sub-agent"}
_CREATING_TOOLS = frozenset({"Write", "NotebookEdit"})
_KNOWLEDGE_FOLDERS = re.compile(
    r"(?:^|[/\\])(?:notes?|knowledge(?:-base)?|wiki|kb|journal|zettelkasten|vault|second-brain|memory|reference)[/\\]",
    re.IGNORECASE,
)
_KNOWLEDGE_CALL = re.compile(
    r"^mcp__[^_]*(?:notion|obsidian|evernote|readwise|notes)\w*__\w*(?:create|append|save|add|write)", re.I
)
_LOOP = 3


@dataclass(frozen=True)
class Measured:
    """Counts with the entries that show them."""

    initiated_by: str | None
    resumed_from: str | None
    skills_used: Finding[list[str]]
    mcp_failures: Finding[int]
    retry_loops: Finding[int]
    session_cut_short: Finding[bool]
    artifacts_created: Finding[int]
    knowledge_filed: Finding[int]  # a floor: things can be stored in ways that leave no such trace
    course_corrections: Finding[int]  # a floor: a correction can be said in other words


def measure(session: SessionForReading) -> Measured:
    return Measured(
        initiated_by=_STARTED_BY.get(session.initiated_by or ""),
        resumed_from=session.resumed_from,
        skills_used=find_skills_used(session),
        mcp_failures=find_mcp_failures(session),
        retry_loops=find_retry_loops(session),
        session_cut_short=find_cut(session),
        artifacts_created=find_artifacts(session),
        knowledge_filed=find_knowledge(session),
        course_corrections=find_corrections(session),
    )


def find_skills_used(session: SessionForReading) -> Finding[list[str]]:
    """Skills that ran, by call or by slash, in order of first use; a refused call is no use."""
    used = [entry for entry in session.entries if entry.skill and entry.kind in ("tool", "command", "prompt")]
    names = list(dict.fromkeys(entry.skill.lstrip("/") for entry in used if entry.skill))
    return Finding(names, tuple(entry.entry_no for entry in used))


def find_mcp_failures(session: SessionForReading) -> Finding[int]:
    """Calls of MCP tools that failed."""
    failed = tuple(e.entry_no for e in session.entries if e.kind == "tool_error" and (e.tool or "").startswith("mcp__"))
    return Finding(len(failed), failed)


def find_retry_loops(session: SessionForReading) -> Finding[int]:
    """How often Claude went round in circles.

    A loop is a run of three or more failing calls of one tool at one target with no call in between that worked with
    that tool at that target; or one call, word for word, that failed three times in the session. The target is the
    file; for a shell command its first two words; for a search or fetch its text; for an MCP tool the tool itself.
    """
    runs: dict[tuple[str, str], list[int]] = defaultdict(list)
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    loops: list[list[int]] = []
    looped: set[tuple[str, str]] = set()

    def close(key: tuple[str, str]) -> None:
        if len(runs[key]) >= _LOOP:
            loops.append(runs[key])
            looped.add(key)
        runs[key] = []

    for entry in session.entries:
        if entry.kind not in CALLS or entry.tool is None:
            continue
        key = (entry.tool, _target(entry))
        if entry.kind == "tool_error":
            runs[key].append(entry.entry_no)
            same[(entry.tool, call_of(entry))].append(entry.entry_no)
        elif entry.kind == "tool":
            close(key)
    for key in list(runs):
        close(key)
    counted = {number for loop in loops for number in loop}
    loops += [numbers for numbers in same.values() if len(numbers) >= _LOOP and not counted & set(numbers)]
    return Finding(len(loops), tuple(sorted(number for loop in loops for number in loop)))


def _target(entry: StoredEntry) -> str:
    if (entry.tool or "").startswith("mcp__"):
        return ""
    if entry.file_path:
        return entry.file_path
    call = call_of(entry)
    if entry.tool in ("Bash", "PowerShell"):
        command = call.partition(" | ")[2] or call
        return " ".join(command.split()[:2])
    return call


def find_cut(session: SessionForReading) -> Finding[bool]:
    """Whether the session stops in the middle of something.

    It ends in an interruption, a person's refusal or an API error; or with a prompt that got no answer; or the person's
    last words are that they have to leave.
    """
    if not session.entries:
        return Finding(False)
    last = session.entries[-1]
    if last.kind in ("interruption", "api_error", "prompt", "steering") or (
        last.kind == "rejection" and last.is_person
    ):
        return Finding(True, (last.entry_no,))
    turns = human_turns(session)
    if turns and not turns[-1].is_first and phrases.LEAVING.search(turns[-1].words):
        return Finding(True, (turns[-1].entry_no,))
    return Finding(False)


def is_knowledge_path(path: str) -> bool:
    """Whether a file lies where notes are kept."""
    return _KNOWLEDGE_FOLDERS.search(path) is not None


def find_artifacts(session: SessionForReading) -> Finding[int]:
    """Files written as a whole, each once; notes are counted as knowledge instead."""
    made = _created(session)
    kept = {path: entry_no for path, entry_no in made.items() if not is_knowledge_path(path)}
    return Finding(len(kept), tuple(kept.values()))


def find_knowledge(session: SessionForReading) -> Finding[int]:
    """Notes written, each file once, and pages added through a note-keeping connector."""
    kept = [entry_no for path, entry_no in _created(session).items() if is_knowledge_path(path)]
    calls = [e.entry_no for e in session.entries if e.kind == "tool" and _KNOWLEDGE_CALL.match(e.tool or "")]
    return Finding(len(kept) + len(calls), tuple(sorted([*kept, *calls])))


def _created(session: SessionForReading) -> dict[str, int]:
    """File → the first entry that wrote it."""
    made: dict[str, int] = {}
    for entry in session.entries:
        if entry.kind == "tool" and entry.tool in _CREATING_TOOLS and entry.file_path:
            made.setdefault(entry.file_path, entry.entry_no)
    return made
