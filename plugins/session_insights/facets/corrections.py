"""Moments in which a person redirected Claude, and what kind of friction each was."""

from __future__ import annotations

import re

from session_insights.facets import phrases
from session_insights.facets.turns import Finding, Turn, human_turns
from session_insights.records import SessionForReading

# A redirection stands at the start of what is said; further down it is part of a longer task.
_START = 240
_MISUNDERSTOOD = re.compile(
    r"\bi (?:meant|said|asked|told)\b|misunder|not what i|didn't (?:ask|mean|want|say)|did not (?:ask|mean|want|say)"
    r"|\bnot that\b|\bwrong (?:person|date|name|number|address|mail)|\bnot (?:so )?(?:solemn|formal|pushy)",
    re.IGNORECASE,
)
_BUGGY = re.compile(
    r"\bstill (?:fail|broken|crash|wrong|not|doesn't|shows)|\b(?:doesn't|does not|didn't|won't) work|\bbroke\b"
    r"|\bbug\b|\bcrash|\berror\b|\btests? (?:fail|are red)|\bnot compil",
    re.IGNORECASE,
)


def is_correction(turn: Turn) -> bool:
    """Whether a turn redirects Claude. Neither the first one does, nor a plain `no` to a question."""
    if turn.is_first:
        return False
    if turn.is_refusal:
        return True
    start = turn.words.strip()[:_START]
    if phrases.STRONG_PRAISE.search(start):
        return False
    if phrases.OPENS_WITH_NO.search(start) and (turn.after_interruption or not turn.answers_question):
        return True
    return phrases.CORRECTION.search(start) is not None


def find_corrections(session: SessionForReading) -> Finding[int]:
    """Redirections: turns of that kind, refusals, interruptions. One human act counts once.

    An interruption followed by correcting words is one act with them; one that ends the session, or after which the
    person says something else, counts by itself. A refusal counts with or without words.
    """
    turns = {turn.entry_no: turn for turn in human_turns(session)}
    acts: list[int] = []
    pending: int | None = None
    for entry in session.entries:
        if entry.kind == "interruption":
            pending = entry.entry_no
        elif entry.kind == "rejection" and entry.is_person:
            acts.append(entry.entry_no)
            pending = None
        elif (turn := turns.get(entry.entry_no)) is not None:
            if is_correction(turn):
                acts.append(entry.entry_no)
            elif pending is not None:
                acts.append(pending)
            pending = None
    if pending is not None:
        acts.append(pending)
    return Finding(len(acts), tuple(acts))


def find_friction(session: SessionForReading, *, retry_loops: Finding[int]) -> Finding[dict[str, int]]:
    """Corrections by kind, failing connectors, empty searches and loops; kinds that did not occur are left out.

    A correction in words is `misunderstanding` or `buggy_code` if it says so, else `wrong_approach`. A connector that
    fails counts once until the person speaks again (`tool_limitation`), and so does a search that finds nothing.
    """
    counts = {"wrong_approach": 0, "misunderstanding": 0, "tool_limitation": 0, "buggy_code": 0, "no_results": 0}
    seen: list[int] = []
    failing: set[str] = set()
    turns = {turn.entry_no: turn for turn in human_turns(session)}
    for entry in session.entries:
        turn = turns.get(entry.entry_no)
        if turn is not None:
            failing.clear()
            if is_correction(turn):
                counts[_kind_of(turn.words)] += 1
                seen.append(entry.entry_no)
        elif entry.kind == "tool_error" and entry.tool and entry.tool.startswith("mcp__"):
            server = entry.tool.split("__")[1]
            if server not in failing:
                failing.add(server)
                counts["tool_limitation"] += 1
                seen.append(entry.entry_no)
        elif entry.kind == "reply" and phrases.NOTHING_FOUND.search(entry.text[:300]) and "search" not in failing:
            failing.add("search")
            counts["no_results"] += 1
            seen.append(entry.entry_no)
    counts["loop_detected"] = retry_loops.value
    return Finding({kind: n for kind, n in counts.items() if n}, tuple(sorted({*seen, *retry_loops.entries})))


def _kind_of(words: str) -> str:
    if _BUGGY.search(words):
        return "buggy_code"
    return "misunderstanding" if _MISUNDERSTOOD.search(words) else "wrong_approach"
