"""The targets of a month by rules: the next step where the gap is widest, on patterns of two sessions or more."""

from __future__ import annotations

import math
from datetime import date

from session_insights.measures import by_key, connectors, distinct_findings
from session_insights.narratives.advice import friction_line, priority_line
from session_insights.narratives.contacts import find_quiet
from session_insights.narratives.sections import KeptTarget, Metric, Target
from session_insights.narratives.subject import Subject, find_priority_shares, in_sentence, plain
from session_insights.narratives.targets import keep_targets, measure_target
from session_insights.wording import level_points, long_day, number, plural

MOST = 3
_LOOPS = ("retry_loops", "loop_detected")


def write_targets(subject: Subject, last: tuple[KeptTarget, ...], end: date) -> tuple[KeptTarget, ...]:
    """At most three: a priority, the most widespread friction, a skill, somebody who went quiet.

    Args:
        last: The targets that this month was measured by; one that was missed gets a smaller step.
    """
    if not subject.seen.now.read_count:
        return ()
    found = (_priority(subject, last), _friction(subject), _skill(subject), _person(subject))
    targets = [target for target in found if target is not None]
    return keep_targets(targets, subject.seen.current, subject.profile, end)[:MOST]


def _priority(subject: Subject, last: tuple[KeptTarget, ...]) -> Target | None:
    shares = find_priority_shares(subject)
    if not shares or shares[0].gap < level_points(subject.seen.now.read_count):
        return None
    worst, label = shares[0], plain(shares[0].priority.label)
    missed = [target for target in last if target.metric == "priority_share" and target.by == worst.priority.slug]
    step = max(1, math.ceil(worst.gap / 2))
    why = f"It got {worst.share}% of the minutes read against a target of {worst.target}% (n = {subject.read})."
    if missed and worst.share < missed[0].to:
        before = missed[0].to - missed[0].start
        step = max(1, math.ceil(before / 2))
        smaller = " This step is smaller." if step < before else ""
        why = f"The {missed[0].to:.0f}% of {subject.words.last} were missed: it got {worst.share}%.{smaller}"
    to = min(worst.target, worst.share + step)
    return Target(
        title=f"“{label}” at {to}% of the minutes",
        why=why,
        line=priority_line(label),
        metric="priority_share",
        by=worst.priority.slug,
        to=to,
    )


def _friction(subject: Subject) -> Target | None:
    """A tenth less of what is behind most sessions."""
    for row in distinct_findings(subject.seen.current):
        server = str(row["finding"]).removeprefix("connector:")
        is_connector = server != row["finding"]
        if row["session_count"] < 2 or (is_connector and server not in connectors(subject.seen.current)):
            continue
        metric: Metric = "corrections_per_ten"
        if is_connector:
            metric = "connector_failures"
        elif row["finding"] in _LOOPS:
            metric = "loops_per_ten"
        by = server if is_connector else ""
        measured = measure_target(subject.seen.current, metric, by)
        if measured is None or not measured.value:
            continue
        to = math.floor(0.9 * measured.value) if is_connector else math.floor(9 * measured.value) / 10
        title = f"Failed calls to {plain(server)} at {to}% or less"
        if not is_connector:
            name = "Corrections" if metric == "corrections_per_ten" else "Loops"
            title = f"{name} at {to:.1f} per 10 sessions"
        sessions = f"{number(row['session_count'])} of {subject.read}"
        return Target(
            title=title,
            why=f"Most widespread: {in_sentence(row['finding'])}, in {sessions}.",
            line=friction_line(row["finding"]),
            metric=metric,
            by=by,
            to=to,
        )
    return None


def _skill(subject: Subject) -> Target | None:
    rows = [row for row in subject.seen.current.get("skills_missed", []) if row["session_count"] >= 2]
    if not rows:
        return None
    row = max(rows, key=lambda item: item["session_count"])
    used = by_key(subject.seen.current, "skills_used", "skill").get(row["skill"], {}).get("session_count") or 0
    measured = measure_target(subject.seen.current, "skill_use", row["skill"])
    to = min(100, (measured.value if measured else 0) + 10)
    name = plain(row["skill"])
    return Target(
        title=f"`/{name}` in {to:.0f}% of the sessions that it fits",
        why=f"It was used in {plural(used, 'session')} and passed over in {number(row['session_count'])}.",
        line=f"/{name}",
        metric="skill_use",
        by=row["skill"],
        to=to,
    )


def _person(subject: Subject) -> Target | None:
    quiet = find_quiet(subject)
    if not quiet:
        return None
    first = quiet[0]
    return Target(
        title=f"One word to {plain(first.person)}",
        why=f"{plural(first.contact_count, 'contact')} up to the week of {long_day(first.last_week)}, none since.",
        metric="contacts_begun",
        by=first.person,
        to=1,
    )
