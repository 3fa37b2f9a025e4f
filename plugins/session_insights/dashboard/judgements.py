"""Facets as a page shows them and as a person may correct them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from session_insights.dashboard.wordings import plain
from session_insights.facets.answer import FacetAnswer
from session_insights.facets.correcting import JUDGED
from session_insights.profile import Profile
from session_insights.wording import capital, duration

_LABELS = {
    "underlying_goal": "Goal",
    "brief_summary": "In one line",
    "outcome": "Outcome",
    "businesses": "Businesses",
    "priority_matched": "Priority",
    "priority_alignment": "Alignment",
    "friction_counts": "Friction",
    "friction_detail": "What went wrong",
    "course_corrections": "Corrections",
    "skills_missed": "Skills missed",
    "people_mentioned": "People",
    "relationship_actions": "What was done for them",
    "outreach_type": "Outreach",
    "estimated_time_saved_minutes": "Time saved",
    "user_satisfaction_counts": "Satisfaction",
    "decisions_made": "Decisions",
    "knowledge_filed": "Notes filed",
    "primary_success": "What worked",
    "workflow_type": "Workflow",
    "session_type": "Kind of session",
    "claude_helpfulness": "Helpfulness",
    "goal_categories": "Kinds of work",
    "completion_chain": "Tasks",
    "projects": "Projects",
    "pivot_trigger": "Why the plan changed",
}


@dataclass(frozen=True)
class Judgement:
    """One judged facet. `words` None is unknown."""

    facet: str
    label: str
    words: str | None
    entries: tuple[int, ...]  # behind it
    is_corrected: bool
    reader_words: str | None  # what the reader said, where a person said otherwise
    typed: str  # as a form holds it
    choices: tuple[str, ...]  # what can be chosen; empty: typed freely
    hint: str


def build_judgements(facet: Mapping[str, Any], profile: Profile) -> tuple[Judgement, ...]:
    """All judged facets of a row of `session_facets`, the telling ones first."""
    corrected: Mapping[str, Any] = facet.get("corrected") or {}
    evidence: Mapping[str, list[int]] = facet.get("evidence") or {}
    return tuple(
        Judgement(
            facet=name,
            label=label_of(name),
            words=say(name, facet.get(name), profile),
            entries=tuple(evidence.get(name) or ()),
            is_corrected=name in corrected,
            reader_words=say(name, corrected[name]["value"], profile) if name in corrected else None,
            typed=type_out(facet.get(name)),
            choices=choices_for(name, profile),
            hint=_hint(name, profile),
        )
        for name in (*_LABELS, *(name for name in JUDGED if name not in _LABELS))
    )


def label_of(facet: str) -> str:
    return _LABELS.get(facet, capital(plain(facet)))


def say(facet: str, value: Any, profile: Profile) -> str | None:
    """A facet's value in words; None is unknown."""
    if value is None or value == "unclear_from_transcript":
        return None
    if facet == "estimated_time_saved_minutes":
        return f"about {duration(value)}, estimated"
    if facet == "priority_matched":
        return next((item.label for item in profile.priorities if item.slug == value), str(value))
    if facet == "relationship_actions":
        return "; ".join(f"{act.get('person')}: {act.get('action')}" for act in value) or "none"
    if isinstance(value, dict):
        said = [f"{plain(str(kind))} {count}" for kind, count in value.items() if count]
        return capital(", ".join(said)) or "none"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return capital(plain(value)) if choices_for(facet, profile) else str(value)


def type_out(value: Any) -> str:
    """A value as a person would type it."""
    if value is None:
        return "unknown"
    if isinstance(value, list) and value and all(isinstance(item, str) and "," not in item for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def choices_for(facet: str, profile: Profile) -> tuple[str, ...]:
    """Values of a facet that has a fixed set of them."""
    if facet == "priority_matched":
        return (*(priority.slug for priority in profile.priorities), "none", "unknown")
    annotation = FacetAnswer.model_fields[facet].annotation if facet in FacetAnswer.model_fields else None
    if get_origin(annotation) is not Literal:
        return ()
    choices = get_args(annotation)
    return choices if "unknown" in choices or facet == "outcome" else (*choices, "unknown")


def _hint(facet: str, profile: Profile) -> str:
    if facet == "businesses":
        return "By commas, the first one owns the time: " + ", ".join(item.slug for item in profile.businesses)
    if facet == "skills_missed":
        return "By commas: " + ", ".join(item.name for item in profile.skills)
    if facet in ("people_mentioned", "projects"):
        return "By commas"
    if facet in ("course_corrections", "estimated_time_saved_minutes", "knowledge_filed", "decisions_made"):
        return "A whole number, or unknown" + (", in minutes" if "minutes" in facet else "")
    if facet in ("underlying_goal", "brief_summary", "friction_detail", "primary_success", "pivot_trigger"):
        return "In a sentence, or unknown"
    return "As JSON, or unknown"
