"""What a person may say a facet is: the same types and choices that a reader has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, get_args

from pydantic import ValidationError

from session_insights.errors import SettingsError
from session_insights.facets.answer import FacetAnswer, FrictionCounts, JudgedFacet, SatisfactionCounts, answer_for
from session_insights.facets.judged import facet_from
from session_insights.profile import Profile

JUDGED: tuple[str, ...] = get_args(JudgedFacet)
MEASURED = (
    "initiated_by",
    "skills_used",
    "retry_loops",
    "mcp_failures",
    "session_cut_short",
    "resumed_from",
    "artifacts_created",
)
_LISTS = frozenset({"projects", "businesses", "skills_missed", "people_mentioned"})
_COUNTS = frozenset({"course_corrections", "estimated_time_saved_minutes", "knowledge_filed", "decisions_made"})
_OBJECTS = frozenset(
    {"goal_categories", "user_satisfaction_counts", "friction_counts", "completion_chain", "relationship_actions"}
)
_ZEROS = {
    "user_satisfaction_counts": dict.fromkeys(SatisfactionCounts.model_fields, 0),
    "friction_counts": dict.fromkeys(FrictionCounts.model_fields, 0),
    "completion_chain": {"started": 0, "completed": 0, "abandoned": 0},
}
_answer_model = cache(answer_for)  # a model takes milliseconds to make, and there are many labels
_MOST = 1_000_000  # a person is not measured by entries


def split_assignments(words: Sequence[str]) -> dict[str, str]:
    """`outcome=not_achieved` → facet and value.

    Raises:
        SettingsError: A word has no `=`, or a facet stands there twice.
    """
    given: dict[str, str] = {}
    for word in words:
        facet, equals, value = word.partition("=")
        if not equals or not facet:
            raise SettingsError(f"'{word}': write FACET=VALUE, such as outcome=not_achieved.")
        if facet in given:
            raise SettingsError(f"{facet}: stands there twice.")
        given[facet] = value
    return given


def check_value(facet: str, given: Any, profile: Profile) -> Any:
    """A person's value as `session_facets` keeps it; None is "unknown".

    Args:
        given: A value, or text as it is typed: a list by commas, a number, an object as JSON, `unknown`.

    Raises:
        SettingsError: There is no such facet, it is counted and not judged, or it cannot be that.
    """
    check_name(facet)
    value = _typed(facet, given) if isinstance(given, str) else given
    value = None if value == "unknown" else value
    if value is None:
        return "unclear_from_transcript" if facet == "outcome" else None
    if isinstance(value, dict):
        value = _listed(value) if facet == "goal_categories" else _ZEROS.get(facet, {}) | value
    blank: dict[str, Any] = dict.fromkeys(FacetAnswer.model_fields)
    blank |= {"underlying_goal": "", "brief_summary": ""} | _ZEROS
    try:
        answer = _answer_model(profile).model_validate(blank | {facet: value})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise SettingsError(f"{facet}={given}: {where + ': ' if where else ''}{first['msg']}.") from None
    return getattr(facet_from(answer, "", profile, entry_count=_MOST), facet)


def check_name(facet: str) -> None:
    """Raises `SettingsError` for what a person cannot correct."""
    if facet in MEASURED:
        raise SettingsError(
            f"{facet}: counted from the transcript, not judged, so it cannot be corrected for one session; "
            "if the count is wrong, the rule is: please report it."
        )
    if facet not in JUDGED:
        raise SettingsError(f"{facet}: no such facet; there are {', '.join(JUDGED)}.")


def _typed(facet: str, text: str) -> Any:
    text = text.strip()
    if text == "unknown":
        return None
    if facet in _COUNTS:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{facet}={text}: must be a whole number, or 'unknown'.") from None
    if facet in _OBJECTS or (facet in _LISTS and text.startswith("[")):
        try:
            return json.loads(text)
        except ValueError:
            raise SettingsError(f"{facet}={text}: must be JSON, such as {_example(facet)}.") from None
    if facet in _LISTS:
        return [word.strip() for word in text.split(",") if word.strip()]
    return text


def _listed(counts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"category": name, "count": count} for name, count in counts.items()]


def _example(facet: str) -> str:
    examples = {
        "goal_categories": '{"write a mail": 1}',
        "relationship_actions": '[{"person": "Maya Brooks", "action": "wrote"}]',
        "projects": '["newsletter"]',
    }
    return examples.get(facet) or json.dumps(_ZEROS.get(facet, []))
