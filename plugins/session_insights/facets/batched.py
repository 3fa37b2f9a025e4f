"""A session as one request of a batch, and what its result makes of it: asked and judged as every other reading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from session_insights.facets import judged
from session_insights.facets.answer import answer_for
from session_insights.facets.reading import conclude
from session_insights.llm.batches import BatchResult
from session_insights.llm.claude import answer_of_batch, build_message
from session_insights.profile import Profile
from session_insights.records import Reading, SessionForReading
from session_insights.settings import Settings

# A result that was never fetched and is no longer there; what it cost is not known.
GONE = "gone"
_NOT_ASKED = {
    "expired": "was not answered within 24 hours",
    "canceled": "was canceled before its turn came",
}


@dataclass(frozen=True)
class BatchedRequest:
    """What is sent for one session, and what that should take."""

    params: dict[str, Any]
    estimated_tokens: int
    estimate_usd: float | None  # at the price of a batch; None: no list price


def build_batched(session: SessionForReading, *, profile: Profile, settings: Settings, model: str) -> BatchedRequest:
    prompt = judged.build_request(session, profile, budget_tokens=settings.facet_budget_tokens)
    return BatchedRequest(
        params=build_message(prompt, answer_for(profile), model),
        estimated_tokens=prompt.estimated_tokens,
        estimate_usd=judged.estimate_cost(prompt, model, datetime.now(UTC), is_batch=True),
    )


def conclude_result(made: Reading, result: BatchResult, session: SessionForReading, profile: Profile) -> Reading:
    """What a result makes of a reading that was begun when it was sent.

    Returns:
        `ok`, `failed` or `refused` as for every answer; `failed` also for a request that the API rejects; `skipped`
        where the API never came to ask the model, which costs nothing and does not count as a try.
    """
    whose = f"session {session.session_id}"
    if result.kind == "succeeded":
        try:
            answer = answer_of_batch(
                result.message, answer_for(profile), made.model, judged.load_facet_prompt().max_tokens
            )
        except (AttributeError, TypeError, ValueError, RecursionError):
            # Paid for all the same, but nobody can tell how much.
            return replace(made, state="failed", cost_usd=None, error=f"{whose}: its result is no message")
        return conclude(made, answer, session, profile)
    if result.kind == "errored" and result.error_type == "invalid_request_error":
        return replace(made, state="failed", error=f"{whose}: the request was rejected ({result.error})")
    if result.kind == GONE:
        return replace(made, cost_usd=None, error=f"{whose}: the results of its batch are past keeping")
    why = _NOT_ASKED.get(result.kind) or f"came back as {result.kind} ({result.error_type}: {result.error})"
    return replace(
        made, state="skipped", error=f"{whose}: {why}; nothing was paid, and it is sent again by the next run"
    )
