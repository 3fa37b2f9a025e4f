"""The typed answer that Claude gives on a session; its choices come from the plan and from the profile.

Every field is required and almost none is a union: the API compiles the schema into a grammar and takes at most 24
optional and 16 union fields. `unknown`, "" and null say that the session does not tell.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from session_insights.profile import Profile

Count = Annotated[int, Field(ge=0, le=1000)]
JudgedFacet = Literal[
    "underlying_goal",
    "goal_categories",
    "outcome",
    "user_satisfaction_counts",
    "claude_helpfulness",
    "session_type",
    "friction_counts",
    "friction_detail",
    "primary_success",
    "brief_summary",
    "projects",
    "businesses",
    "priority_alignment",
    "priority_matched",
    "workflow_type",
    "completion_chain",
    "skills_missed",
    "course_corrections",
    "pivot_trigger",
    "people_mentioned",
    "relationship_actions",
    "outreach_type",
    "estimated_time_saved_minutes",
    "knowledge_filed",
    "decisions_made",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GoalCategory(_Part):
    category: str
    count: Count


class SatisfactionCounts(_Part):
    satisfied: Count
    likely_satisfied: Count
    dissatisfied: Count
    frustrated: Count


class FrictionCounts(_Part):
    wrong_approach: Count
    misunderstanding: Count
    tool_limitation: Count
    buggy_code: Count
    no_results: Count
    loop_detected: Count


class CompletionChain(_Part):
    started: Count
    completed: Count
    abandoned: Count


class RelationshipAction(_Part):
    person: str
    action: str


class Evidence(_Part):
    facet: JudgedFacet
    entries: list[int]


class FacetAnswer(_Part):
    """All judged facets. `answer_for` narrows businesses, priorities and skills to those of a profile."""

    underlying_goal: str
    goal_categories: list[GoalCategory]
    outcome: Literal[
        "fully_achieved", "mostly_achieved", "partially_achieved", "not_achieved", "unclear_from_transcript"
    ]
    user_satisfaction_counts: SatisfactionCounts
    claude_helpfulness: Literal[
        "essential", "very_helpful", "moderately_helpful", "slightly_helpful", "unhelpful", "unknown"
    ]
    session_type: Literal["single_task", "multi_task", "iterative_refinement", "exploration", "unknown"]
    friction_counts: FrictionCounts
    friction_detail: str
    primary_success: str
    brief_summary: str
    projects: list[str]
    businesses: list[str]
    priority_alignment: Literal["aligned", "supportive", "neutral", "drift", "unknown"]
    priority_matched: str
    workflow_type: Literal[
        "email",
        "research",
        "filing",
        "meeting-prep",
        "agreement",
        "event-planning",
        "relationship-maintenance",
        "skill-building",
        "debugging",
        "content-creation",
        "admin",
        "unknown",
    ]
    completion_chain: CompletionChain
    skills_missed: list[str]
    course_corrections: Count
    pivot_trigger: str
    people_mentioned: list[str]
    relationship_actions: list[RelationshipAction]
    outreach_type: Literal["proactive", "reactive", "automated", "none", "unknown"]
    estimated_time_saved_minutes: Annotated[int, Field(ge=0, le=2400)] | None
    knowledge_filed: Annotated[int, Field(ge=0, le=1000)] | None
    decisions_made: Annotated[int, Field(ge=0, le=1000)] | None
    evidence: list[Evidence]

    @model_validator(mode="before")
    @classmethod
    def _null_is_unknown(cls, data: Any) -> Any:
        """Endpoints without schemas answer null where a choice, a text or a list is meant."""
        if not isinstance(data, dict):
            return data
        choices = ("claude_helpfulness", "session_type", "priority_alignment", "workflow_type", "outreach_type")
        instead: dict[str, Any] = dict.fromkeys(choices, "unknown")
        instead |= {"outcome": "unclear_from_transcript", "priority_matched": "none", "course_corrections": 0}
        instead |= dict.fromkeys(("friction_detail", "primary_success", "pivot_trigger"), "")
        lists = (
            "goal_categories",
            "projects",
            "businesses",
            "skills_missed",
            "people_mentioned",
            "relationship_actions",
        )
        instead |= {name: [] for name in (*lists, "evidence")}
        return {name: instead[name] if value is None and name in instead else value for name, value in data.items()}


@cache
def answer_for(profile: Profile) -> type[FacetAnswer]:
    """The answer whose businesses, priorities and skills are those of the profile."""
    businesses = [business.slug for business in profile.businesses]
    priorities = [*(priority.slug for priority in profile.priorities), "none"]
    skills = [skill.name for skill in profile.skills] or ["none"]
    fields: dict[str, Any] = {
        "businesses": (list[Literal[tuple(businesses)]], ...),  # type: ignore[misc]
        "priority_matched": (Literal[tuple(priorities)], ...),
        "skills_missed": (list[Literal[tuple(skills)]], ...),  # type: ignore[misc]
    }
    return create_model("FacetAnswer", __base__=FacetAnswer, **fields)
