"""How a session ended and how content the person was, by their own words."""

from __future__ import annotations

from session_insights.facets import phrases
from session_insights.facets.corrections import is_correction
from session_insights.facets.turns import CALLS, Finding, Turn, human_turns
from session_insights.records import SessionForReading, StoredEntry

_SAYS_LITTLE = 25  # characters: `hmm`, `ok later`
_ACKNOWLEDGEMENT = 240
_MAKING_TOOLS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})


def judge_outcome(session: SessionForReading) -> Finding[str]:
    """The outcome by the person's closing words, else by what was done after them.

    The last thing said decides, in this order: given up → not_achieved; something left for later → partially_achieved;
    all but a little, or the person does the rest → mostly_achieved; anger, or praise that a `but` takes back, with
    nothing made after it → not_achieved; content or done → fully_achieved; a remark that asks for nothing and complains
    of nothing → fully_achieved with a word of approval, else mostly_achieved. A closing that says little is read
    together with the turn before it. Without such words: work that came after the last request and did not fail counts
    as mostly_achieved, a session cut off after real work as partially_achieved; anything else is unclear.
    """
    turns = human_turns(session)
    if not turns:
        return Finding("unclear_from_transcript")
    closing = [turns[-1]]
    if len(turns) >= 3 and len(turns[-1].words) < _SAYS_LITTLE:
        closing.append(turns[-2])
    for turn in closing:
        if turn.is_first:
            continue
        outcome = _by_words(turn, session)
        if outcome is not None:
            return Finding(outcome, (turn.entry_no,))
    return _by_work(session, turns[-1])


def _by_words(turn: Turn, session: SessionForReading) -> str | None:
    words = turn.words
    after = [entry for entry in session.entries if entry.entry_no > turn.entry_no and entry.kind in CALLS]
    if phrases.GAVE_UP.search(words):
        # A complaint that Claude then worked on is no end.
        return "not_achieved" if not _has_made(after) else None
    if phrases.LEFT_OPEN.search(words) or phrases.LEAVING.search(words):
        return "partially_achieved"
    if phrases.STRONG_PRAISE.search(words) and not _ends_in_failure(after):
        return "fully_achieved"
    if phrases.ALMOST.search(words):
        return "mostly_achieved"
    if is_correction(turn) or turn.is_question:
        return None
    if phrases.TAKEN_BACK.search(words) or phrases.FRUSTRATION.search(words):
        return "not_achieved" if not _has_made(after) else None
    if (phrases.PRAISE.search(words) or phrases.ALL_DONE.search(words)) and not _ends_in_failure(after):
        return "fully_achieved"
    if after or not _is_acknowledged(session) or phrases.SAYS_NOTHING.search(words):
        return None
    if phrases.REQUEST.search(words) or phrases.NEW_TASK.search(words):
        return None
    # A closing remark that asks for nothing and complains of nothing.
    return "fully_achieved" if phrases.APPROVAL.search(words) else "mostly_achieved"


def _is_acknowledged(session: SessionForReading) -> bool:
    """The session ends with a word of Claude's, not with an answer."""
    return session.entries[-1].kind == "reply" and len(session.entries[-1].text) <= _ACKNOWLEDGEMENT


def _by_work(session: SessionForReading, last: Turn) -> Finding[str]:
    after = [entry for entry in session.entries if entry.entry_no > last.entry_no and entry.kind in CALLS]
    ended_by = session.entries[-1]
    if ended_by.kind in ("interruption", "api_error", "rejection"):
        made = [entry.entry_no for entry in session.entries if _is_making(entry)]
        return Finding("partially_achieved", tuple(made[-3:])) if made else Finding("unclear_from_transcript")
    if _has_made(after) and not _ends_in_failure(after) and ended_by.kind == "reply":
        made = [entry.entry_no for entry in after if _is_making(entry)]
        return Finding("mostly_achieved", (*made[-3:], ended_by.entry_no))
    return Finding("unclear_from_transcript")


def _is_making(entry: StoredEntry) -> bool:
    """A call that worked and changed something: a file, a commit, something outside."""
    if entry.kind != "tool" or entry.tool is None:
        return False
    if entry.tool in _MAKING_TOOLS:
        return True
    if entry.tool.startswith("mcp__"):
        action = entry.tool.rsplit("__", 1)[-1]
        return action.startswith(("create", "send", "update", "add", "post", "save", "write", "reply", "delete"))
    return entry.tool == "Bash" and any(
        word in entry.text for word in ("git commit", "git push", "gh pr create", "deploy")
    )


def _has_made(entries: list[StoredEntry]) -> bool:
    return any(_is_making(entry) for entry in entries)


def _ends_in_failure(entries: list[StoredEntry]) -> bool:
    return bool(entries) and entries[-1].kind != "tool"


def count_satisfaction(session: SessionForReading) -> Finding[dict[str, int]]:
    """Turns by how content they sound, each counted once; those that say nothing of it are left out.

    `frustrated`: anger, or a complaint that is made again. `dissatisfied`: a correction or complaint. `satisfied`:
    praise. `likely_satisfied`: approval, without more.
    """
    counts = {"satisfied": 0, "likely_satisfied": 0, "dissatisfied": 0, "frustrated": 0}
    seen = []
    for turn in human_turns(session):
        kind = _mood(turn)
        if kind is not None:
            counts[kind] += 1
            seen.append(turn.entry_no)
    return Finding(counts, tuple(seen))


def _mood(turn: Turn) -> str | None:
    if turn.is_first:
        return "frustrated" if phrases.FRUSTRATION.search(turn.words) and phrases.COMPLAINT.search(turn.words) else None
    if phrases.FRUSTRATION.search(turn.words):
        return "frustrated"
    if is_correction(turn):
        return "dissatisfied"
    if phrases.PRAISE.search(turn.words):
        return "satisfied"
    if phrases.COMPLAINT.search(turn.words[:120]) and phrases.GAVE_UP.search(turn.words):
        return "dissatisfied"
    return "likely_satisfied" if phrases.APPROVAL.search(turn.words) else None
