"""The values of facets in plain words."""

from __future__ import annotations

_OUTCOMES = {
    "fully_achieved": "fully",
    "mostly_achieved": "mostly",
    "partially_achieved": "partly",
    "not_achieved": "not",
    "unclear_from_transcript": None,
}


def outcome_words(outcome: str | None) -> str | None:
    """Fully, mostly, partly, not; None is unknown, and so is unclear."""
    return _OUTCOMES.get(outcome, outcome) if outcome else None


def plain(value: str) -> str:
    """wrong_approach → wrong approach."""
    return value.replace("_", " ")
