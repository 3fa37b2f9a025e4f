"""The judged facets by Claude: the request, and its answer as a facet."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from session_insights.facets.answer import FacetAnswer
from session_insights.facets.sampling import describe_session, sample_transcript
from session_insights.facets.turns import shorten
from session_insights.llm.cost import price_message
from session_insights.llm.prompts import Prompt, RenderedPrompt, defuse, load_prompt
from session_insights.profile import Profile
from session_insights.records import Facet, SessionForReading

PROMPT = "extract_facets"
# What an answer usually takes; for estimates.
TYPICAL_OUTPUT_TOKENS = 900
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINKED = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,2000}\)?")
_ADDRESS = re.compile(
    r"\b(?:https?|ftp|file|data|javascript):\S+|\bwww\.\S+|\b(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/\S*", re.IGNORECASE
)
_MOST_RAW_CHARACTERS = 10_000


@cache
def load_facet_prompt() -> Prompt:
    return load_prompt(PROMPT)


def build_request(session: SessionForReading, profile: Profile, *, budget_tokens: int) -> RenderedPrompt:
    """The prompt with the profile in its fixed part and the session in its untrusted one."""
    sampled = sample_transcript(session, budget_tokens=budget_tokens)
    return _render(
        profile,
        metadata=describe_session(session, time_zone=profile.zone),
        transcript=sampled.text,
    )


def question_hash(profile: Profile) -> str:
    """The hash that requests for this profile carry."""
    return _render(profile, metadata="", transcript="").sha256


def _render(profile: Profile, *, metadata: str, transcript: str) -> RenderedPrompt:
    return load_facet_prompt().render(
        owner=profile.owner,
        businesses=_list(f"{business.slug}: {business.about}" for business in profile.businesses),
        priorities=_list(f"{priority.slug}: {priority.label}" for priority in profile.priorities),
        skills=_list(f"{skill.name}: {skill.when}" for skill in profile.skills),
        people=_list(
            person.name
            + (f" ({person.about})" if person.about else "")
            + "".join(f", also {a}" for a in person.aliases)
            for person in profile.people
        ),
        metadata=metadata,
        transcript=transcript,
    )


def _list(lines: object) -> str:
    found = [f"- {' '.join(str(line).split())}" for line in lines]  # type: ignore[attr-defined]
    return "\n".join(found) or "- (none)"


def estimate_cost(prompt: RenderedPrompt, model: str, at: datetime, *, is_batch: bool = False) -> float | None:
    """List price of asking once, without the cache; None when the model has no price."""
    return price_message(
        model,
        at,
        input_tokens=prompt.estimated_tokens,
        output_tokens=TYPICAL_OUTPUT_TOKENS,
        cache_read_tokens=0,
        cache_write_5m_tokens=0,
        cache_write_1h_tokens=0,
        is_batch=is_batch,
    )


def facet_from(answer: FacetAnswer, session_id: str, profile: Profile, *, entry_count: int) -> Facet:
    """An answer as a facet: unknown becomes None, text is plain and cut to size, people get the profile's names.

    Args:
        entry_count: Nothing was said more often than there are entries.
    """
    chain = answer.completion_chain
    numbers: dict[str, list[int]] = {}
    for evidence in answer.evidence:
        numbers.setdefault(evidence.facet, []).extend(evidence.entries)
    return Facet(
        session_id=session_id,
        underlying_goal=_text(answer.underlying_goal, 300),
        goal_categories={shorten(_clean(goal.category), 60): max(1, goal.count) for goal in answer.goal_categories[:5]},
        outcome=answer.outcome,
        user_satisfaction_counts={
            kind: min(count, entry_count) for kind, count in answer.user_satisfaction_counts.model_dump().items()
        },
        claude_helpfulness=_known(answer.claude_helpfulness),
        session_type=_known(answer.session_type),
        friction_counts={kind: n for kind, n in answer.friction_counts.model_dump().items() if n},
        friction_detail=_text(answer.friction_detail, 300),
        primary_success=_text(answer.primary_success, 100),
        brief_summary=_text(answer.brief_summary, 500),
        projects=_slugs(answer.projects) or None,
        businesses=list(dict.fromkeys(answer.businesses)) or None,
        priority_alignment=_known(answer.priority_alignment),
        priority_matched=answer.priority_matched if answer.priority_matched != "none" else None,
        workflow_type=_known(answer.workflow_type),
        completion_chain={
            "started": max(chain.started, chain.completed + chain.abandoned),
            "completed": chain.completed,
            "abandoned": chain.abandoned,
        },
        skills_missed=[skill for skill in dict.fromkeys(answer.skills_missed) if skill != "none"],
        course_corrections=min(answer.course_corrections, entry_count),
        pivot_trigger=_text(answer.pivot_trigger, 100),
        people_mentioned=_people(answer.people_mentioned, profile),
        relationship_actions=[
            {"person": name, "action": shorten(_clean(item.action), 60)}
            for item in answer.relationship_actions[:20]
            for name in _people([item.person], profile)
        ],
        outreach_type=_known(answer.outreach_type),
        estimated_time_saved_minutes=answer.estimated_time_saved_minutes,
        knowledge_filed=answer.knowledge_filed,
        decisions_made=answer.decisions_made,
        evidence=numbers,
    )


def _known(value: str) -> str | None:
    return value if value != "unknown" else None


def _clean(text: str) -> str:
    """One line of plain words. A link could carry what a transcript told the model to give away: its text stays."""
    plain = _UNPRINTABLE.sub("", defuse(text[:_MOST_RAW_CHARACTERS]))
    return " ".join(_ADDRESS.sub("[link]", _LINKED.sub(r"\1", plain)).split())


def _text(text: str, most: int) -> str | None:
    return shorten(_clean(text), most) or None


def _slugs(names: list[str]) -> list[str]:
    slugs = [re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.")[:60] for name in names[:10]]
    return list(dict.fromkeys(slug for slug in slugs if slug))


def _people(names: list[str], profile: Profile) -> list[str]:
    """Names as the profile has them, each once; the owner and Claude are nobody to deal with."""
    known: dict[str, str] = {}
    for person in profile.people:
        for name in (person.name, *person.aliases):
            known[name.casefold()] = person.name
    left_out = {"claude", "claude code", "user", "the user", profile.owner.casefold()}
    found = [known.get(_clean(name).casefold(), shorten(_clean(name), 80)) for name in names[:40]]
    return list(dict.fromkeys(name for name in found if name and name.casefold() not in left_out))
