"""Labels beside readings → agreement, a facet at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from session_insights.evaluation import metrics
from session_insights.records import Facet

UNKNOWN = "unknown"
Kind = Literal["choice", "set", "count"]
Score = dict[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """How a facet is compared."""

    kind: Kind
    is_judged: bool = True  # else counted from the transcript


FACETS: dict[str, Evaluated] = {
    "outcome": Evaluated("choice"),
    "priority_alignment": Evaluated("choice"),
    "priority_matched": Evaluated("choice"),
    "workflow_type": Evaluated("choice"),
    "session_type": Evaluated("choice"),
    "outreach_type": Evaluated("choice"),
    "claude_helpfulness": Evaluated("choice"),
    "session_cut_short": Evaluated("choice", is_judged=False),
    "businesses": Evaluated("set"),
    "skills_missed": Evaluated("set"),
    "people_mentioned": Evaluated("set"),
    "skills_used": Evaluated("set", is_judged=False),
    "course_corrections": Evaluated("count"),
    "decisions_made": Evaluated("count"),
    "knowledge_filed": Evaluated("count"),
    "estimated_time_saved_minutes": Evaluated("count"),
    "mcp_failures": Evaluated("count", is_judged=False),
    "retry_loops": Evaluated("count", is_judged=False),
    "artifacts_created": Evaluated("count", is_judged=False),
}
# Derived, because figures rest on them: a session's time goes to the business named first, and a goal counts as reached
# when it was fully or mostly achieved.
MAIN_BUSINESS = "main_business"
GOAL_REACHED = "goal_reached"
_REACHED = {
    "fully_achieved": "yes",
    "mostly_achieved": "yes",
    "partially_achieved": "no",
    "not_achieved": "no",
    "unclear_from_transcript": "unclear",
    UNKNOWN: UNKNOWN,
}


def score_facets(judged: Sequence[tuple[Mapping[str, Any], Facet]]) -> dict[str, Score]:
    """Facet → score, for facets that have a label anywhere.

    Args:
        judged: Labels of a session and what the reader made of it.

    Returns:
        `kind`; `n` labels; `agreement` (0 to 1: the same choice, set or number) with `plus_minus`; `unanswered`, where
        the reader said "unknown" and the label did not, which counts as wrong; `kappa` for choices, `f1` (macro) for
        sets, `mae` for counts, over what was answered.
    """
    scores = {}
    for name, facet in FACETS.items():
        pairs = [(labels[name], _answer(name, read)) for labels, read in judged if name in labels]
        pairs = [(UNKNOWN if label is None else label, answer) for label, answer in pairs]
        if not pairs:
            continue
        scores[name] = _score(facet.kind, pairs)
        if name == "outcome":
            scores[GOAL_REACHED] = _score("choice", [(_REACHED[label], _REACHED[answer]) for label, answer in pairs])
        if name == "businesses":
            scores[MAIN_BUSINESS] = _score("choice", [(_first(label), _first(answer)) for label, answer in pairs])
    return scores


def outcome_pairs(judged: Sequence[tuple[Mapping[str, Any], Facet]]) -> list[tuple[str, str]]:
    return [(labels["outcome"], read.outcome or UNKNOWN) for labels, read in judged if "outcome" in labels]


def _answer(name: str, read: Facet) -> Any:
    value = getattr(read, name)
    if value is None:
        return "none" if name == "priority_matched" else UNKNOWN
    return value


def _first(value: Any) -> str:
    return value[0] if isinstance(value, list) and value else UNKNOWN


def _score(kind: Kind, pairs: list[tuple[Any, Any]]) -> Score:
    comparable = [(_comparable(label), _comparable(answer)) for label, answer in pairs]
    share = cast(float, metrics.agreement(comparable))
    score: Score = {
        "kind": kind,
        "n": len(pairs),
        "agreement": round(share, 4),
        "plus_minus": round(metrics.half_width(share, len(pairs)), 4),
        "unanswered": sum(answer == UNKNOWN and label != UNKNOWN for label, answer in comparable),
    }
    both = [(label, answer) for label, answer in comparable if UNKNOWN not in (label, answer)]
    match kind:
        case "choice":
            score["kappa"] = _rounded(metrics.kappa(comparable))
        case "set":
            sets = [tuple(value if value != UNKNOWN else frozenset() for value in pair) for pair in comparable]
            score["f1"] = _rounded(metrics.macro_f1(sets))
        case "count":
            score["mae"] = _rounded(metrics.mean_absolute_error(both))
    return score


def _comparable(value: Any) -> Any:
    return frozenset(value) if isinstance(value, list) else value


def _rounded(value: float | None) -> float | None:
    return round(value, 4) if value is not None else None
