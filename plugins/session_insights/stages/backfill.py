"""Many sessions at half price, the way out: cut into batches, each sent once and found again after a crash."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from session_insights.errors import InsightsError, SettingsError
from session_insights.facets.batched import build_batched
from session_insights.facets.reading import question_of
from session_insights.llm.batches import BatchClient, BatchStatus, MaybeSent, RequestList
from session_insights.llm.claude import ClaudeConnection
from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.stages.extraction import select_sessions
from session_insights.store import batches as store
from session_insights.store.batches import Batch
from session_insights.store.database import Connection
from session_insights.store.facets import load_session
from session_insights.store.spending import check_budget

# Sessions a run, unless told otherwise.
MOST_SESSIONS = 10_000
# Far below what the API takes (100,000 requests, 256 MB), so that a chunk is built in little memory.
_MOST_REQUESTS = 1_000
_MOST_BYTES = 20_000_000
# What each request carries besides its transcript: the prompt, the profile, the schema.
_FIXED_BYTES = 24_000
# A batch whose sender died may still turn up in the API's list for so long.
_SETTLE_SECONDS = 60.0
# Our clock against the API's.
_SKEW = timedelta(minutes=5)
log = logging.getLogger(__name__)

MaySpend = Callable[[float | None], None]


def select_chunks(
    connection: Connection,
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    run_id: str | None = None,
) -> list[list[str]]:
    """Sessions that are due, newest first, cut into batches; in a run that is cleared, its own sessions again."""
    due = select_sessions(
        connection,
        {**params, "reader": "claude", "limit": params.get("limit") or MOST_SESSIONS},
        settings=settings,
        profile=profile,
        claude=claude,
        run_id=run_id,
    )
    sizes = store.session_sizes(connection, [session.session_id for session in due])
    most = settings.facet_budget_tokens * 4
    return cut_chunks(
        [(session_id, min(size, most) + _FIXED_BYTES) for session_id, size in sizes],
        most_requests=_MOST_REQUESTS,
        most_bytes=_MOST_BYTES,
    )


def cut_chunks(sizes: Sequence[tuple[str, int]], *, most_requests: int, most_bytes: int) -> list[list[str]]:
    """Sessions in their order, so many a chunk that neither bound is passed; one that is too large stands alone."""
    chunks: list[list[str]] = []
    room = 0
    for session_id, size in sizes:
        if not chunks or len(chunks[-1]) >= most_requests or size > room:
            chunks.append([])
            room = most_bytes
        chunks[-1].append(session_id)
        room -= size
    return chunks


def submit_batch(
    connection: Connection,
    session_ids: Sequence[str],
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    run_id: str | None = None,
    may_spend: MaySpend | None = None,
) -> dict[str, Any]:
    """Send a chunk as one batch, but for sessions that wait in another batch or have their answer.

    A dry run counts and sends nothing.

    Args:
        may_spend: Called right before sending with the estimated price of this batch and of all that are on their way
            (None: no list price); what it raises leaves nothing behind. Default: the caps.

    Raises:
        BudgetReached: A cap leaves no room; nothing was sent.
        MaybeSent: The API may have the batch or not; `settle_batches` finds out.
    """
    if params.get("dry_run"):
        sessions = {session_id: session_id for session_id in session_ids}
        return {**_build(connection, sessions, profile, settings, settings.facet_model).counts, "left_out_count": 0}
    question = question_of("claude", profile)
    batch_id = uuid4().hex
    planned = store.plan_batch(
        connection,
        batch_id,
        session_ids,
        model=settings.facet_model,
        prompt_version=question.version,
        prompt_hash=question.sha256,
        force=bool(params.get("force")),
        dag_run_id=run_id,
    )
    sent = {"request_count": 0, "estimated_tokens": 0, "estimate_usd": 0.0}
    if planned:
        sent = _send(connection, batch_id, open_client(claude), profile, settings, may_spend) or sent
    return {**sent, "left_out_count": len(session_ids) - planned}


def settle_batches(
    connection: Connection,
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    may_spend: MaySpend | None = None,
) -> list[str]:
    """Every batch with answers to come, whoever sent it, as the API calls it; what was planned and not sent is sent.

    None in a dry run.
    """
    if params.get("dry_run"):
        return []
    for batch_id, provider_id in store.open_batches(connection):
        if provider_id is None:
            _send(connection, batch_id, open_client(claude), profile, settings, may_spend)
    return [provider_id for _, provider_id in store.open_batches(connection) if provider_id is not None]


def _send(
    connection: Connection,
    batch_id: str,
    client: BatchClient,
    profile: Profile,
    settings: Settings,
    may_spend: MaySpend | None,
) -> dict[str, Any] | None:
    """Send a planned batch, unless the API has it already; None where there was nothing to send.

    Source: docs/decisions/0011-batches.md
    """
    with store.holding_batch(connection, batch_id):
        batch = store.load_batch(connection, batch_id)
        if batch is None or batch.provider_id is not None:
            return None
        if batch.tried_at is not None and (found := _find_sent(connection, client, batch)):
            log.info("batch %s was sent before: the API has it as %s", batch_id, found)
            store.mark_sent(connection, batch_id, found, is_recognized=True)
            return None
        sessions = {request.custom_id: request.session_id for request in store.load_requests(connection, batch_id)}
        if not sessions:
            store.delete_plan(connection, batch_id)
            return None
        try:
            built = _build(connection, sessions, profile, settings, batch.model)
            price = built.estimate_usd
            price = None if price is None else price + store.outstanding_usd(connection)
            if may_spend is not None:
                may_spend(price)
            else:
                check_budget(connection, price, settings, profile)
            store.save_attempt_to_send(
                connection,
                batch_id,
                built.hashes,
                estimated_tokens=built.estimated_tokens,
                estimate_usd=built.estimate_usd,
            )
            provider_id = client.create(built.body)
        except MaybeSent:
            raise
        except InsightsError:
            store.delete_plan(connection, batch_id)
            raise
        store.mark_sent(connection, batch_id, provider_id)
        log.info("batch %s: %s sessions sent as %s", batch_id, f"{len(built.hashes):,}", provider_id)
        return built.counts


@dataclass(frozen=True)
class _Built:
    """The body of a batch, and what it should take."""

    body: bytes
    hashes: dict[str, str]  # of the text that is sent, by custom id
    estimated_tokens: int
    estimate_usd: float | None  # None: the model has no list price

    @property
    def counts(self) -> dict[str, Any]:
        return {
            "request_count": len(self.hashes),
            "estimated_tokens": self.estimated_tokens,
            "estimate_usd": self.estimate_usd,
        }


def _build(
    connection: Connection, sessions: Mapping[str, str], profile: Profile, settings: Settings, model: str
) -> _Built:
    """Requests for these sessions, given as custom id → session."""
    requests = RequestList()
    hashes: dict[str, str] = {}
    tokens = 0
    prices: list[float | None] = []
    for custom_id, session_id in sessions.items():
        session = load_session(connection, session_id)
        built = build_batched(session, profile=profile, settings=settings, model=model)
        requests.add(custom_id, built.params)
        hashes[custom_id] = session.content_hash
        tokens += built.estimated_tokens
        prices.append(built.estimate_usd)
    known = [price for price in prices if price is not None]
    return _Built(requests.close(), hashes, tokens, sum(known) if len(known) == len(prices) else None)


def _find_sent(connection: Connection, client: BatchClient, batch: Batch) -> str | None:
    """What the API calls a batch whose sender missed the answer; None when it does not have it.

    The list shows count and time. A batch that has ended proves itself by its results; one that is still being answered
    is taken for ours until it has.
    """
    for is_last in (False, True):
        others = {*store.known_providers(connection), *batch.not_ours}
        listed = client.find(request_count=batch.request_count, since=batch.planned_at - _SKEW)
        alike = [status for status in listed if status.provider_id not in others]
        proven = [status for status in alike if status.has_ended and _is_ours(client, status, batch)]
        for status in (*proven, *(status for status in alike if not status.has_ended)):
            return status.provider_id
        if not is_last:
            time.sleep(_SETTLE_SECONDS)
    return None


def _is_ours(client: BatchClient, status: BatchStatus, batch: Batch) -> bool:
    return any(result.custom_id.startswith(f"{batch.batch_id}-") for result in client.results(status.provider_id))


def open_client(claude: ClaudeConnection | None) -> BatchClient:
    if claude is None:
        raise SettingsError("Reader 'batch' needs the connection 'anthropic_default', or ANTHROPIC_API_KEY.")
    return BatchClient(claude)
