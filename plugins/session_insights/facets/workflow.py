"""What kind of work a session was, and in what shape it went."""

from __future__ import annotations

import re

from session_insights.facets import phrases
from session_insights.facets.attribution import spoken_in
from session_insights.facets.turns import Finding, Turn
from session_insights.profile import Profile
from session_insights.records import SessionForReading

# What is asked for: verbs and things to be produced. Where two workflows score alike, the one listed first wins.
_ASKED: dict[str, str] = {
    "agreement": r"(?:draft|sign|compare|review|final version of|terms of) (?:the |an? |our |this |two "
    r"|both )*(?:\w+ )?(?:agreement|contract|drafts|lease|letter of intent|nda|mou)|notice period|redline\w*"
    r"|lawyer\w*|clauses?|two[- ]page proposal",
    "meeting-prep": r"prep(?:are)?(?: me)? (?:for|my)|meeting[ -]prep|agenda for|brief me|before (?:my|the"
    r"|our) (?:call|meeting)|prepare .{0,20}(?:call|meeting)|talking points",
    "relationship-maintenance": r"thank (?!you\b|s\b|god)\w+|introduc(?:e|tion)\b|intro (?:between"
    r"|for)|follow[ -]?ups? with|check in with|catch up with|congratulat\w+|keep in touch|stay in touch"
    r"|haven't (?:heard|talked|written)|birthday (?:card|note|mail)|(?:thank you|condolence) (?:note|card|mail)s?",
    "filing": r"file this|save (?:this|these)|archive (?:this|these|the|all|old)|put (?:this|these"
    r"|it) in my notes|dictate|sort (?:this|these|my|all)|for later|file (?:it|them|these|where)"
    r"|receipts? .{0,20}sorted|notes? from (?:the|today|yesterday)",
    "email": r"(?:write|draft|compose|send) (?:an?|the|one|short)? ?(?:short |quick |nice )?(?:e-?mail|mail|reply"
    r"|answer|note to)|reply to|answer (?:the|her|his|their|three|all|\w+'s)|respond to|mail to|e-?mail to"
    r"|dear \w+,|write (?:back )?to|enquir\w+|go through (?:my|the) (?:inbox|mail)|: answer \w+",
    "skill-building": r"(?:make|build|write|turn) .{0,30}\bskills?\b|skills? (?:for|file|that)|slash command"
    r"|claude\.md|subagents?|teach (?:me|you)|tutorial|learn (?:how|about)|explain how|prompt library|make /\w+",
    "debugging": r"fix|bugs?|broken|fails|failing|failed|errors?|crash\w*|time[sd]? out|timeouts?|debug"
    r"|does(?:n't| not) (?:work|load|show)|stopped working|something is (?:off|wrong)|going again|jumps?|drops"
    r"|loses|regression|flaky|too slow|is slow|wrong (?:place|channel|page)|find out why|duplicates?",
    "research": r"research|compare (?:the|three|two|prices|options)|find out (?:what|which|who|how|whether)"
    r"|look up|options for|what (?:are|does|do) (?:the|other)|investigate|survey of|how do other|which (?:of"
    r"|tools?|providers?|grants?)|read (?:up|about)|pros and cons|sources|from the (?:export|data)|data is in"
    r"|make a (?:small )?chart|who pays|covered when|what do i have to do",
    "event-planning": r"plan (?:the|an|our|a) (?:\w+ )?(?:event|party|workshop|meetup|dinner|retreat)|run of show"
    r"|event[ -](?:plan|budget)|venue|catering|seating|save the date|announce the (?:meetup|event|workshop)"
    r"|launch (?:plan|dates)|room and date|sign-ups?",
    "content-creation": r"write (?:this week's|the|a|an|my) (?:\w+ )?(?:post|page|article|lesson|script|piece"
    r"|chapter|story|copy|announcement|guide|note|newsletter)|blog ?post|\d+ words|lead story|spotlight"
    r"|profile of|outline (?:for|of)|checklist|slides?|landing page|sales page|headlines?|captions?|copy for"
    r"|essay|handout|one post|show notes|draft the (?:post|page|lesson|chapter|note)|on the (?:contact|home|about"
    r"|events) page|flashcards|tasting notes",
    "admin": r"rename|clean (?:up|that|the|my)|tidy|set up|install|configure|upgrade|rotate|migrate|move (?:the"
    r"|my|all)|moving|booked twice|double booking|schedule (?:the|it|my)|put it into the crontab|reconcile|budget"
    r"|invoices?|expenses?|cancel (?:the|my)|renew\w*|shopping list|packing|make a list|status page"
    r"|which (?:of my |jobs|scheduled)|free some space|out of office",
}
# What it is about: these count half.
_ABOUT: dict[str, str] = {
    "agreement": r"agreements?|contracts?|letter of intent|terms|nda|proposal",
    "meeting-prep": r"meeting with|call with|meeting|agenda|briefing",
    "relationship-maintenance": r"thank|introduction|intro|follow[ -]?ups?|check in|catch up|birthday",
    "filing": r"archive|notes?|links?|bookmarks?|receipts?|folder",
    "email": r"e-?mails?|mails?|inbox|repl(?:y|ies)|gmail|compose|newsletter",
    "skill-building": r"skills?|hooks|plugin|learn(?:ing)?",
    "debugging": r"failures?|button|css|layout|test|stack ?trace|script|job|connector|login",
    "research": r"survey|market|statistics|retention|export|quotes?|grants?|lease|insurance|numbers",
    "event-planning": r"events?|town hall|tasting|workshop|party|rsvp|chairs|hosts?|meetup|webinar|launch",
    "content-creation": r"newsletter|lessons?|post|announcement|page|podcast|video|class|story|words",
    "admin": r"tax(?:es)?|bookkeeping|backup|cron(?:tab)?|insurance|lease|form|disk|passwords?|accounts?"
    r"|subscription|calendar|appointments?|logs?|jobs?|vacation|directory",
}


def _compiled(words: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(rf"(?<![\w/.])(?:{part})(?![\w/])", re.IGNORECASE) for name, part in words.items()}


_PATTERNS = (_compiled(_ASKED), 2.0), (_compiled(_ABOUT), 1.0)
_CODE = (".py", ".js", ".ts", ".tsx", ".css", ".scss", ".html", ".sh", ".njk", ".sql")
_MAKING = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
PEOPLE_WORK = frozenset({"email", "relationship-maintenance", "agreement", "meeting-prep", "event-planning"})


def judge_workflow(session: SessionForReading, profile: Profile, skills_used: list[str]) -> Finding[str] | None:
    """The kind of work that most points to; None when little does.

    Different words count: for what is asked 4 each in the title and the first prompt, 1 elsewhere; for what it is about
    half of that. A skill that ran counts 4 for the kinds that its name points to, or 8 if it opened the session, and 2
    for those of its description; a prompt that opens with a skill's name, and is no call of it, 6 for
    `skill-building`. Tools and files: see `_by_traces`.
    """
    spoken = spoken_in(session)
    scores: dict[str, float] = dict.fromkeys(_ASKED, 0.0)
    for patterns, weight in _PATTERNS:
        for name, pattern in patterns.items():
            for text, share in ((spoken.title, 2.0), (spoken.first, 2.0), (spoken.others, 0.5)):
                scores[name] += weight * share * min(3, len({found.lower() for found in pattern.findall(text)}))
    first = spoken.turns[0] if spoken.turns else None
    opened_by = first.skill if first is not None else None
    about = {skill.name: skill.when for skill in profile.skills}
    for skill in skills_used:
        for name, pattern in _PATTERNS[1][0].items():
            if pattern.search(skill.replace("-", " ")):
                scores[name] += 8 if skill == opened_by else 4
            elif pattern.search(about.get(skill, "")):
                scores[name] += 2
    opens_with = (first.words.split() or [""])[0].strip("/,:").lower() if first is not None else ""
    if opened_by is None and opens_with in about:
        scores["skill-building"] += 6
    for name, points in _by_traces(session, spoken.turns).items():
        scores[name] += points
    best = max(scores, key=lambda name: scores[name])
    return Finding(best, spoken.first_entry) if scores[best] >= 3 else None


def _by_traces(session: SessionForReading, turns: tuple[Turn, ...]) -> dict[str, float]:
    """A mail sent or drafted: 2 for `email`. Web searches: 2 each for `research`, up to 4; a first prompt that is a
    question: 2. A failed shell command 1 and edited code 2 for `debugging`.
    """
    used = session.tools_used
    mailed = any(re.search(r"__(?:send|create_draft|reply)", tool) for tool in used if "mail" in tool)
    failing = any(entry.kind == "tool_error" and entry.tool == "Bash" for entry in session.entries)
    code = any(path.lower().endswith(_CODE) for path in session.files_touched)
    asks = bool(turns) and turns[0].is_question
    return {
        "email": 2.0 * mailed,
        "research": min(4.0, 2.0 * (used.get("WebSearch", 0) + used.get("WebFetch", 0))) + 2.0 * asks,
        "debugging": 1.0 * failing + 2.0 * (code and used.get("Edit", 0) > 0),
    }


def judge_session_type(session: SessionForReading, *, corrections: int) -> Finding[str]:
    """`exploration`: nothing was made and most turns are questions. `multi_task`: at least two turns open a new task.
    `iterative_refinement`: two corrections or more, or five turns on one thing. Else `single_task`.
    """
    turns = spoken_in(session).turns
    shown = tuple(turn.entry_no for turn in turns)
    made = any(entry.kind == "tool" and (entry.tool in _MAKING or _sends(entry.tool)) for entry in session.entries)
    questions = sum(turn.is_question for turn in turns)
    if turns and not made and questions * 2 > len(turns):
        return Finding("exploration", shown)
    if count_new_tasks(turns) >= 2:
        return Finding("multi_task", shown)
    if corrections >= 2 or len(turns) >= 5:
        return Finding("iterative_refinement", shown)
    return Finding("single_task", shown[:1])


def _sends(tool: str | None) -> bool:
    return tool is not None and re.search(r"__(?:send|create|update|post|add)", tool) is not None


def count_new_tasks(turns: tuple[Turn, ...]) -> int:
    """Turns after the first that open another task: by slash command, or by words such as `also` and `next`."""
    return sum((turn.skill is not None or phrases.NEW_TASK.search(turn.words) is not None) for turn in turns[1:])
