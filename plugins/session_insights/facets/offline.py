"""The judged facets by rules, for those who have no model: the same session always gives the same answer.

Rules read English. What they cannot know stays unknown: how helpful Claude was, minutes saved, what made the person
change their mind. `VERSION` grows with every change of a rule, so that sessions are read again.
"""

from __future__ import annotations

import hashlib

from session_insights.facets import phrases
from session_insights.facets.attribution import (
    judge_alignment,
    judge_businesses,
    judge_projects,
    judge_skills_missed,
    spoken_in,
)
from session_insights.facets.corrections import find_friction, is_correction
from session_insights.facets.measured import Measured
from session_insights.facets.outcome import count_satisfaction, judge_outcome
from session_insights.facets.relationships import find_actions, find_people, judge_outreach
from session_insights.facets.turns import Finding, Turn, shorten
from session_insights.facets.workflow import PEOPLE_WORK, count_new_tasks, judge_session_type, judge_workflow
from session_insights.profile import Profile
from session_insights.records import Facet, SessionForReading

VERSION = 2
_REACHED = ("fully_achieved", "mostly_achieved")


def rules_hash(profile: Profile) -> str:
    """Of the rules' version and the profile they were given: the same hash reads the same session alike."""
    return hashlib.sha256(f"{VERSION}\0{profile.model_dump_json()}".encode()).hexdigest()


def judge_by_rules(session: SessionForReading, profile: Profile, measured: Measured) -> Facet:
    """A facet without what was measured; every judgement with its evidence."""
    spoken = spoken_in(session)
    turns = spoken.turns
    outcome = judge_outcome(session)
    satisfaction = count_satisfaction(session)
    friction = find_friction(session, retry_loops=measured.retry_loops)
    businesses = judge_businesses(session, profile)
    workflow = judge_workflow(session, profile, measured.skills_used.value)
    missed = judge_skills_missed(session, profile, measured.skills_used.value)
    people = find_people(session, profile)
    alignment = judge_alignment(
        session,
        profile,
        main_business=businesses.value[0] if businesses else None,
        workflow=workflow.value if workflow else None,
        people=people.value,
    )
    actions = find_actions(session, profile, people.value)
    outreach = judge_outreach(
        session, has_people_work=workflow is not None and workflow.value in PEOPLE_WORK, people=people.value
    )
    corrections = measured.course_corrections
    session_type = judge_session_type(session, corrections=corrections.value)
    decisions = find_decisions(turns)
    detail = friction_detail(turns)
    evidence = {
        "underlying_goal": list(spoken.first_entry),
        "outcome": outcome.evidence,
        "user_satisfaction_counts": satisfaction.evidence,
        "session_type": session_type.evidence,
        "friction_counts": friction.evidence,
        "friction_detail": detail.evidence,
        "businesses": businesses.evidence if businesses else [],
        "priority_alignment": list(alignment.entries),
        "priority_matched": list(alignment.entries) if alignment.priority else [],
        "workflow_type": workflow.evidence if workflow else [],
        "skills_missed": missed.evidence,
        "people_mentioned": people.evidence,
        "relationship_actions": actions.evidence,
        "outreach_type": outreach.evidence if outreach.value != "none" else [],
        "decisions_made": decisions.evidence,
    }
    return Facet(
        session_id=session.session_id,
        underlying_goal=goal_of(turns),
        goal_categories={workflow.value: 1} if workflow else None,
        outcome=outcome.value,
        user_satisfaction_counts=satisfaction.value,
        session_type=session_type.value if turns else None,
        friction_counts=friction.value,
        friction_detail=detail.value or None,
        brief_summary=summarise(session, turns, measured),
        projects=judge_projects(session),
        businesses=businesses.value if businesses else None,
        priority_alignment=alignment.alignment,
        priority_matched=alignment.priority,
        workflow_type=workflow.value if workflow else None,
        completion_chain=chain_of(turns, outcome.value),
        skills_missed=missed.value,
        people_mentioned=people.value,
        relationship_actions=actions.value,
        outreach_type=outreach.value,
        decisions_made=decisions.value,
        evidence={facet: numbers for facet, numbers in evidence.items() if numbers},
    )


def goal_of(turns: tuple[Turn, ...]) -> str | None:
    """The first thing asked for, shortened."""
    if not turns:
        return None
    first = turns[0]
    words = f"{first.skill}: {first.full_words}" if first.skill else first.full_words
    return shorten(words, 200)


def friction_detail(turns: tuple[Turn, ...]) -> Finding[str]:
    """The correcting words, shortened: those of anger first, else the first ones."""
    corrections = [turn for turn in turns if is_correction(turn)]
    angry = [turn for turn in corrections if phrases.FRUSTRATION.search(turn.words)]
    for turn in (*angry, *corrections):
        return Finding(f"“{shorten(turn.full_words, 160)}”", (turn.entry_no,))
    return Finding("")


def find_decisions(turns: tuple[Turn, ...]) -> Finding[int]:
    """Turns that settle something: words of deciding, or an answer to Claude's question between alternatives."""
    found = [
        turn.entry_no
        for turn in turns
        if not turn.is_first
        and not turn.is_refusal
        and not is_correction(turn)
        and (phrases.DECISION.search(turn.words) or (turn.had_choice and "?" not in turn.words))
    ]
    return Finding(len(found), tuple(found))


def chain_of(turns: tuple[Turn, ...], outcome: str) -> dict[str, int] | None:
    """Tasks: the first request and each turn that opens another. The outcome is that of the last one."""
    if not turns:
        return None
    started = 1 + count_new_tasks(turns)
    if outcome == "unclear_from_transcript":
        return {"started": started, "completed": started - 1, "abandoned": 0}
    missed = 0 if outcome in _REACHED else 1
    return {"started": started, "completed": started - missed, "abandoned": missed if outcome == "not_achieved" else 0}


def summarise(session: SessionForReading, turns: tuple[Turn, ...], measured: Measured) -> str | None:
    """Two plain sentences from the title, the counts and the closing words."""
    if not turns:
        return None
    title = (session.title or "").strip().rstrip(".")
    about = title if title and not turns[0].full_words.startswith(title[:40]) else shorten(turns[0].full_words, 120)
    calls = [entry for entry in session.entries if entry.kind in ("tool", "tool_error")]
    failed = sum(entry.kind == "tool_error" for entry in calls)
    written = measured.artifacts_created.value + measured.knowledge_filed.value
    done = [
        _count(len(calls), "tool call") + (f" ({failed} failed)" if failed else ""),
        _count(written, "file") + " written" if written else "",
        _count(measured.course_corrections.value, "correction") if measured.course_corrections.value else "",
    ]
    summary = f"{about}: {', '.join(part for part in done if part)}.".replace("…:", "… –").replace("?:", "? –")
    if len(turns) > 1:
        summary += f" The last words were “{shorten(turns[-1].full_words, 110)}”."
    return summary


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
