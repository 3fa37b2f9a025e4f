"""What kind of work a session was, and in what shape it went."""

from __future__ import annotations

import re
from collections import Counter

from session_insights.facets import phrases
from session_insights.facets.attribution import spoken_in
from session_insights.facets.turns import Finding, Turn
from session_insights.profile import Profile
from session_insights.records import SessionForReading

# Words that point to a workflow; where two score alike, the one listed first wins.
_WORDS: dict[str, str] = {
    "agreement": r"agreements?|contracts?|letter of intent|clauses?|terms|notice period|nda|mou",
    "meeting-prep": r"prep(?:are)? (?:me )?(?:for|my)|meeting[ -]prep|prep|agenda|briefing|brief me|before (?:my"
    r"|the|our) (?:call|meeting)"
    r"|meeting with|call with|talking points",
    "event-planning": r"events?|event[ -]plan|run of show|town hall|venue|catering|sign-?ups|tasting|open house"
    r"|party|workshop"
    r"|rsvp|seating|chairs|host(?:s|ing)?",
    "relationship-maintenance": r"thank (?:everybody|everyone|her|him|them|you notes?)|introduc\w+|intro"
    r"|follow[ -]?ups?|check in"
    r"|catch(?:ing)? up|birthday|congratulat\w+|keep in touch|stay in touch|haven't (?:heard|talked|written)",
    "email": r"e-?mails?|mails?|inbox|repl(?:y|ies)|answer (?:the|her|his|their|three)|newsletter to|gmail"
    r"|compose|dear \w+|write to"
    r"|enquir\w+",
    "filing": r"file[ -]this|save (?:this|these)|archive|put (?:this|these) in my notes|dictate|sort (?:this"
    r"|these|my)|file (?:it|them|these)"
    r"|notes? (?:from|of)|links?|bookmarks?|for later",
    "research": r"research|compare|find out (?:what|which|who|how|whether)|look up|options for|what are the"
    r"|investigate|survey|market"
    r"|how do other|which (?:of|tools?|providers?)|read (?:up|about)|pros and cons|benchmarks?",
    "debugging": r"fix|bugs?|broken|fail(?:s|ed|ing|ures?)?|errors?|crash\w*|time[sd]? out|timeouts?|debug"
    r"|does(?:n't| not) (?:work|load|show)"
    r"|stack ?trace|stopped working|wrong (?:place|channel|page)|jumps?|drops?|loses|why (?:does|is|did|the)"
    r"|regression|flaky"
    r"|button|header|css|layout|tests? for",
    "skill-building": r"(?:a|the|new|my) skill|skill file|slash command|claude\.md|subagents?|hooks?|teach (?:me"
    r"|you)|learn(?:ing)?|tutorial"
    r"|understand how|explain how|prompt library|plugin",
    "content-creation": r"write (?:a|an|the|my) (?:post|page|article|lesson|script|piece|chapter|story|copy"
    r"|announcement|guide)|blog(?: ?post)?"
    r"|newsletter|lessons?|landing page|headlines?|slides?|captions?|copy for|announcement|draft (?:the"
    r"|a) (?:post|page|lesson|chapter)"
    r"|essay|handout|sales page|podcast|video script",
    "admin": r"invoices?|expenses?|tax(?:es)?|bookkeeping|rename|clean ?up|tidy|set up|install|configure|upgrade"
    r"|backup|migrat\w+|move (?:the|my|all)"
    r"|moving|cron(?:tab)?|schedul\w+|insurance|lease|renewal|form|disk|passwords?|accounts?|subscription"
    r"|status page|reconcile",
}
_PATTERNS = {name: re.compile(rf"(?<![\w/.])(?:{words})(?![\w/])", re.IGNORECASE) for name, words in _WORDS.items()}
_MAKING = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
PEOPLE_WORK = frozenset({"email", "relationship-maintenance", "agreement", "meeting-prep", "event-planning"})


def judge_workflow(session: SessionForReading, profile: Profile, skills_used: list[str]) -> Finding[str] | None:
    """The kind of work that most points to; None when nothing does.

    Different words count: 3 each in the title, 2 in the first prompt, ½ elsewhere. A skill that ran counts 4 for the
    kinds that its name points to, 2 for those of its description. Tools count too: mail connectors for `email`, web
    searches for `research`, failing shell commands and edited code for `debugging`.
    """
    spoken = spoken_in(session)
    scores: Counter[str] = Counter()
    for name, pattern in _PATTERNS.items():
        for text, weight in ((spoken.title, 3.0), (spoken.first, 2.0), (spoken.others, 0.5)):
            scores[name] += weight * min(4, len({found.lower() for found in pattern.findall(text)}))  # type: ignore[assignment]
    about = {skill.name: skill.when for skill in profile.skills}
    for skill in skills_used:
        for name, pattern in _PATTERNS.items():
            if pattern.search(skill.replace("-", " ")) or pattern.search(skill):
                scores[name] += 4
            elif pattern.search(about.get(skill, "")):
                scores[name] += 2
    for name, points in _by_tools(session).items():
        scores[name] += points
    best = max(_WORDS, key=lambda name: scores[name])
    if scores[best] < 2:
        return None
    return Finding(best, spoken.first_entry)


def _by_tools(session: SessionForReading) -> dict[str, int]:
    used = session.tools_used
    files = [path.lower() for path in session.files_touched]
    code = sum(
        path.endswith((".py", ".js", ".ts", ".tsx", ".css", ".scss", ".html", ".sh", ".njk", ".sql")) for path in files
    )
    points = {"email": 0, "research": 0, "debugging": 0}
    points["email"] = 2 if any("mail" in tool.split("__")[1] for tool in used if tool.startswith("mcp__")) else 0
    points["research"] = min(4, 2 * (used.get("WebSearch", 0) + used.get("WebFetch", 0)))
    failing = any(entry.kind == "tool_error" and entry.tool == "Bash" for entry in session.entries)
    points["debugging"] = (1 if failing else 0) + (2 if code and used.get("Edit", 0) else 0)
    return points


def judge_session_type(session: SessionForReading, *, corrections: int) -> Finding[str]:
    """`exploration`: nothing was made and most turns are questions. `multi_task`: at least two turns open a new task.
    `iterative_refinement`: two corrections or more, or five turns on one thing. Else `single_task`.
    """
    turns = spoken_in(session).turns
    shown = tuple(turn.entry_no for turn in turns)
    made = any(entry.kind == "tool" and (entry.tool in _MAKING or _sends(entry.tool)) for entry in session.entries)
    questions = sum(_is_question(turn) for turn in turns)
    if turns and not made and questions * 2 > len(turns):
        return Finding("exploration", shown)
    if count_new_tasks(turns) >= 2:
        return Finding("multi_task", shown)
    if corrections >= 2 or len(turns) >= 5:
        return Finding("iterative_refinement", shown)
    return Finding("single_task", shown[:1])


def _sends(tool: str | None) -> bool:
    return tool is not None and re.search(r"__(?:send|create|update|post|add)", tool) is not None


def _is_question(turn: Turn) -> bool:
    opens = r"^(?:what|why|how|when|where|who|which|is|are|can|could|do|does|did|should|any)\b"
    return "?" in turn.words or re.match(opens, turn.words, re.IGNORECASE) is not None


def count_new_tasks(turns: tuple[Turn, ...]) -> int:
    """Turns after the first that open another task: by slash command, or by words such as `also` and `next`."""
    return sum((turn.skill is not None or phrases.NEW_TASK.search(turn.words) is not None) for turn in turns[1:])
