"""Recommendations by rules, and what became of the last ones. A pattern needs two sessions; no pattern, no advice."""

from __future__ import annotations

from datetime import date, timedelta

from session_insights.measures import by_key, connectors, distinct_findings
from session_insights.narratives.sections import Decider, Narrative, Recommendation, Verdict
from session_insights.narratives.subject import Subject, find_priority_shares, plain
from session_insights.readers import is_judged
from session_insights.wording import (
    WEEKDAYS,
    finding_words,
    level_points,
    number,
    percent,
    plural,
)

MOST = 3
LOWEST_FAILURE_PERCENT = 10  # of a connector's calls, before it is worth a repair

# What to write into CLAUDE.md against each kind of friction: title and line.
_LINES = {
    "wrong_approach": (
        "Ask for the approach first",
        "Before you change anything, say in two sentences which way you choose and which files it touches. "
        "When there are two sensible ways, ask me.",
    ),
    "misunderstanding": (
        "Let Claude say the task back",
        "Say my request back in one sentence and name what is unclear before you start.",
    ),
    "buggy_code": (
        "Have work tried before it is called done",
        "After each change run the tests or the program itself, and show the output before you say that it works.",
    ),
    "tool_limitation": (
        "Have limits named at once",
        "When a tool cannot do something, say so at once and propose one other way. Do not try the same tool again.",
    ),
    "no_results": (
        "Say where to look",
        "When a search has found nothing twice, stop and ask me where to look.",
    ),
    "loop_detected": (
        "Stop the circles early",
        "When the second attempt fails like the first, stop, say what you see, and ask before a third.",
    ),
    "retry_loops": (
        "Stop the third identical call",
        "When the same call has failed twice, stop, show the error, and try something else or ask.",
    ),
}


def write_recommendations(subject: Subject, end: date) -> tuple[Recommendation, ...]:
    """At most three: the priority that was displaced, then the patterns behind most sessions."""
    if not subject.seen.now.read_count:
        return ()
    weekday = WEEKDAYS[(end + timedelta(days=7)).weekday()]
    until = f"Measured next {weekday} by" if subject.words.noun == "week" else "Measured next time by"
    priority = _priority(subject, until)
    patterns = [
        found for found in (_friction(subject, until), _connector(subject, until), _skill(subject, until)) if found
    ]
    patterns.sort(key=lambda item: -item[0])
    advice = ([priority] if priority else []) + [item for _, item in patterns]
    return tuple(advice[:MOST])


def _priority(subject: Subject, until: str) -> Recommendation | None:
    shares = find_priority_shares(subject)
    if not shares or shares[0].gap < level_points(subject.seen.now.read_count):
        return None
    worst, label = shares[0], plain(shares[0].priority.label)
    return Recommendation(
        title=f"Give “{label}” its time first",
        why=f"It got {worst.share}% of the minutes read against a target of {worst.target}% (n = {subject.read}).",
        line=priority_line(label),
        measured_by=f"{until}: more than {worst.share}% of the minutes for it, on the way to {worst.target}%.",
        decider=Decider(kind="priority_share", by=worst.priority.slug),
    )


def priority_line(label: str) -> str:
    """What to say to Claude so that a priority gets its time."""
    return (
        f"Before anything else today: what is the next step for “{label}”? Let us do it now, for one hour. "
        "Put everything else that comes up into TODO.md."
    )


def friction_line(finding: str) -> str:
    """What to write into CLAUDE.md against a kind of friction; empty where there is nothing to say."""
    if finding.startswith("connector:"):
        return connector_line(finding.removeprefix("connector:"))
    return _LINES[finding][1] if finding in _LINES else ""


def connector_line(server: str) -> str:
    """What to say to Claude before a connector is needed."""
    return (
        f"Make one small call to the {plain(server)} connector and tell me whether it works. "
        "If it fails, show the error and stop; do not try again."
    )


def _friction(subject: Subject, until: str) -> tuple[int, Recommendation] | None:
    rows = [
        row for row in distinct_findings(subject.seen.current) if row["finding"] in _LINES and row["session_count"] >= 2
    ]
    if not rows:
        return None
    row = rows[0]
    title, line = _LINES[row["finding"]]
    was = by_key(subject.seen.previous, "top_friction", "finding").get(row["finding"])
    past = (
        f"; {subject.words.last} in {number(was['session_count'] if was else 0)}"
        if subject.seen.has_judged_past
        else ""
    )
    sessions = row["session_count"]
    return sessions, Recommendation(
        title=title,
        why=f"{finding_words(row['finding'])} in {number(sessions)} of {subject.read}{past}. A line for CLAUDE.md:",
        line=line,
        measured_by=f"{until}: the same in fewer than {plural(sessions, 'session')}.",
        decider=Decider(kind="friction_sessions", by=row["finding"]),
    )


def _connector(subject: Subject, until: str) -> tuple[int, Recommendation] | None:
    """The worst failure rate of those that failed in two sessions or more."""
    calls = connectors(subject.seen.current)
    found = []
    for row in distinct_findings(subject.seen.current):
        server = str(row["finding"]).removeprefix("connector:")
        if server == row["finding"] or row["session_count"] < 2 or not row["call_count"]:
            continue
        rate = percent(row["point_count"], row["call_count"]) or 0
        if rate >= LOWEST_FAILURE_PERCENT:
            found.append((rate, row["session_count"], server, row))
    if not found:
        return None
    rate, sessions, server, row = max(found, key=lambda item: (item[0], item[1], item[2]))
    was = connectors(subject.seen.previous).get(server)
    past = ""
    if subject.seen.has_past and was and server in calls:
        past = f"; {subject.words.last} {number(was['error_count'] or 0)} of {number(was['call_count'])}"
    return sessions, Recommendation(
        title=f"Test the {plain(server)} connector before you need it",
        why=f"{number(row['point_count'])} of {plural(row['call_count'], 'call')} failed, "
        f"in {number(sessions)} of {subject.read}{past}.",
        line=connector_line(server),
        measured_by=f"{until}: fewer than {rate}% of its calls failed.",
        decider=Decider(kind="connector_failures", by=server),
    )


def _skill(subject: Subject, until: str) -> tuple[int, Recommendation] | None:
    rows = [row for row in subject.seen.current.get("skills_missed", []) if row["session_count"] >= 2]
    if not rows:
        return None
    row = max(rows, key=lambda item: item["session_count"])
    name = plain(row["skill"])
    used = by_key(subject.seen.current, "skills_used", "skill").get(row["skill"], {}).get("session_count") or 0
    when = next((skill.when for skill in subject.profile.skills if skill.name == row["skill"]), "")
    purpose = f" It is there for {plain(when, 120)}." if when and when.partition(" ")[0].endswith("ing") else ""
    return row["session_count"], Recommendation(
        title=f"Start with `/{name}`",
        why=f"It fitted what was done by hand in {number(row['session_count'])} of {subject.read} and was used in "
        f"{number(used)}.{purpose}",
        line=f"/{name}",
        measured_by=f"{until}: used in more sessions than missed (now {number(used)} used, "
        f"{number(row['session_count'])} missed).",
        decider=Decider(kind="skill_missed", by=row["skill"]),
    )


def write_verdicts(subject: Subject, last: Narrative | None) -> tuple[Verdict, ...]:
    """What the figures say about each of the last recommendations that a figure decides."""
    if last is None:
        return ()
    verdicts = []
    for advice in last.recommendations:
        if advice.decider is None or not subject.seen.now.read_count:
            continue
        judge = {
            "skill_missed": _judge_skill,
            "connector_failures": _judge_connector,
            "friction_sessions": _judge_friction,
            "priority_share": _judge_priority,
        }[advice.decider.kind]
        if subject.seen.reader_change and _is_judged(advice.decider):
            verdict, evidence = "unknown", "Another reader judged the sessions before"
        else:
            verdict, evidence = judge(subject, advice.decider.by)
        verdicts.append(Verdict.model_validate({"title": advice.title, "verdict": verdict, "evidence": evidence}))
    return tuple(verdicts)


def _is_judged(decider: Decider) -> bool:
    """Whether a reader's judgement decides; failed calls are counted."""
    return decider.kind != "connector_failures" and is_judged(decider.by)


def _judge_skill(subject: Subject, skill: str) -> tuple[str, str]:
    now, was = (
        [
            by_key(rows, name, "skill").get(skill, {}).get("session_count") or 0
            for name in ("skills_used", "skills_missed")
        ]
        for rows in (subject.seen.current, subject.seen.previous)
    )
    words = (
        f"Used in {plural(now[0], 'session')}, missed in {number(now[1])} "
        f"(before: {number(was[0])} and {number(was[1])})"
    )
    if not sum(now):
        return "unknown", f"No session called for it (before: used in {number(was[0])}, missed in {number(was[1])})"
    return ("worked" if now[0] > now[1] else "not_yet" if now[0] else "not_tried"), words


def _judge_connector(subject: Subject, server: str) -> tuple[str, str]:
    now, was = (connectors(rows).get(server) for rows in (subject.seen.current, subject.seen.previous))
    before = f"before: {number(was['error_count'] or 0)} of {number(was['call_count'])}" if was else "before: not used"
    if now is None:
        return "unknown", f"No call was made ({before})"
    words = f"{number(now['error_count'] or 0)} of {plural(now['call_count'], 'call')} failed ({before})"
    if not was:
        return "unknown", words
    rates = (now["error_count"] or 0) / now["call_count"], (was["error_count"] or 0) / was["call_count"]
    level = 2 / min(now["call_count"], was["call_count"])
    return ("worked" if not now["error_count"] or rates[1] - rates[0] >= level else "not_yet"), words


def _judge_friction(subject: Subject, finding: str) -> tuple[str, str]:
    now, was = (
        by_key(rows, "top_friction", "finding").get(finding, {}).get("session_count") or 0
        for rows in (subject.seen.current, subject.seen.previous)
    )
    words = f"In {number(now)} of {subject.read} (before: {number(was)} of {number(subject.seen.was.read_count)})"
    return ("worked" if not now or was - now >= 2 else "not_yet"), words


def _judge_priority(subject: Subject, slug: str) -> tuple[str, str]:
    now, was = (
        percent(by_key(rows, "priority_shares", "priority_matched").get(slug, {}).get("active_minutes") or 0, minutes)
        for rows, minutes in (
            (subject.seen.current, subject.seen.now.read_minutes),
            (subject.seen.previous, subject.seen.was.read_minutes),
        )
    )
    target = next((item.target for item in find_priority_shares(subject) if item.priority.slug == slug), None)
    if now is None or was is None or target is None:
        return "unknown", "Its share or its target is not known for both"
    level = level_points(subject.seen.now.read_count, subject.seen.was.read_count)
    words = f"{now}% of the minutes read (before: {was}%; target {target}%)"
    return ("worked" if now >= target or now - was >= level else "not_yet"), words
