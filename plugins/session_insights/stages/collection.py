"""Many sessions at half price, the way back: every answer of a batch kept once, then counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from session_insights.errors import ReadingFailed, SettingsError
from session_insights.facets.batched import GONE, conclude_result
from session_insights.llm.asking import ClaudeUnavailable
from session_insights.llm.batches import BatchClient, BatchResult
from session_insights.llm.claude import ClaudeConnection
from session_insights.profile import Profile
from session_insights.records import Reading
from session_insights.settings import Settings
from session_insights.stages.backfill import MaySpend, open_client, select_chunks, settle_batches, submit_batch
from session_insights.stages.extraction import masked
from session_insights.store import batches as store
from session_insights.store.batches import Batch
from session_insights.store.database import Connection
from session_insights.store.facets import load_session
from session_insights.wording import plural

_KEPT = timedelta(days=29)
log = logging.getLogger(__name__)


def collect_batch(
    connection: Connection, name: str, *, profile: Profile, claude: ClaudeConnection | None
) -> dict[str, Any]:
    """Keep every answer of a batch that has ended; what is kept already stays as it is.

    Args:
        name: The batch's name, ours or the API's.

    Raises:
        ReadingFailed: Sessions are still unread; the others are kept.
        ClaudeUnavailable: It has not ended, or its results broke off.
    """
    batch = store.load_batch(connection, name)
    if batch is None:
        raise SettingsError(f"batch {name}: not known, or found to be another's; clear settle_batches.")
    if batch.collected_at is None:
        _collect(connection, batch, open_client(claude), profile)
    unread = store.load_unread(connection, [batch.batch_id])
    counts = store.summarize_batches(connection, [batch.batch_id])
    if unread:
        raise ReadingFailed(
            f"batch {name}: {len(unread):,} of {plural(counts['session_count'], 'session')} not read, the others are "
            f"kept; clear the run to send them again, see facet_extractions. The first: {unread[0]['error']}"
        )
    return counts


def _collect(connection: Connection, batch: Batch, client: BatchClient, profile: Profile) -> None:
    if batch.provider_id is None:
        raise ClaudeUnavailable(f"batch {batch.batch_id} is not sent yet; clear settle_batches.")
    status = client.load(batch.provider_id)
    if status is None:
        _give_up(connection, batch, profile)
        return
    if not status.has_ended:
        raise ClaudeUnavailable(f"batch {batch.provider_id} is still being answered; clear its wait task.")
    own = other = 0
    for result in client.results(batch.provider_id):
        if result.custom_id.startswith(f"{batch.batch_id}-"):
            own += 1
            _keep(connection, batch, result, profile)
        else:
            other += 1
    if other:
        log.warning("batch %s: %s results carry ids that are not ours; left out", batch.provider_id, f"{other:,}")
    if batch.is_recognized and not own:
        store.mark_not_ours(connection, batch.batch_id)
        raise ClaudeUnavailable(f"batch {batch.provider_id} is somebody else's; clear settle_batches to go on.")
    missing = store.load_requests(connection, batch.batch_id)
    if missing:
        raise ClaudeUnavailable(
            f"batch {batch.provider_id}: {len(missing):,} results are missing or cannot be read, such as that of "
            f"session {missing[0].session_id}; clear this task to ask for them again."
        )
    store.mark_collected(connection, batch.batch_id)


def _give_up(connection: Connection, batch: Batch, profile: Profile) -> None:
    """The API does not know a batch: another key or address, or its results are past keeping."""
    if datetime.now(UTC) - batch.planned_at < _KEPT:
        raise SettingsError(
            f"batch {batch.provider_id}: not known there, though results are kept for 29 days; does "
            "'anthropic_default' lead to another workspace or address?"
        )
    for request in store.load_requests(connection, batch.batch_id):
        _keep(connection, batch, BatchResult(request.custom_id, GONE), profile)
    store.mark_collected(connection, batch.batch_id)


def _keep(connection: Connection, batch: Batch, result: BatchResult, profile: Profile) -> None:
    with store.locked_request(connection, result.custom_id) as request:
        if request is None:
            return
        session = load_session(connection, request["session_id"])
        made = Reading(
            session_id=session.session_id,
            state="skipped",
            reader="batch",
            model=batch.model,
            prompt_version=batch.prompt_version,
            prompt_hash=batch.prompt_hash,
            content_hash=request["content_hash"],
        )
        reading = masked(conclude_result(made, result, session, profile))
        if request["has_newer_facet"]:
            reading = replace(reading, facet=None)  # paid for and counted, but what was read later stays
        store.close_request(connection, result.custom_id, reading, dag_run_id=batch.dag_run_id)


def summarize(
    connection: Connection,
    names: Sequence[str],
    *,
    submitted: Sequence[Mapping[str, Any]],
    run_id: str | None = None,
) -> dict[str, Any]:
    """Counts, tokens and dollars of the named batches and of those that a run sent; of a dry run what they would be."""
    prices = [sent["estimate_usd"] for sent in submitted]
    totals = {
        **store.summarize_batches(connection, names, dag_run_id=run_id),
        "submitted_count": sum(sent["request_count"] for sent in submitted),
        "left_out_count": sum(sent["left_out_count"] for sent in submitted),
        "estimated_tokens": sum(sent["estimated_tokens"] for sent in submitted),
        "estimate_usd": None if None in prices else sum(prices),
        "unread_count": len(store.load_unread(connection, names, dag_run_id=run_id)),
    }
    return {**totals, "summary": describe_backfill(totals)}


def close_backfill(
    connection: Connection,
    chunks: Iterable[Sequence[str]] | None,
    submitted: Iterable[Mapping[str, Any]] | None,
    names: Sequence[str] | None,
    *,
    run_id: str,
) -> dict[str, Any]:
    """The summary of a run, of whatever tasks came to an end; None is a task without a result.

    Raises:
        ReadingFailed: A chunk was not sent, a batch not collected, or a session not read.
    """
    sent = list(submitted or ())
    totals = summarize(connection, names or (), submitted=sent, run_id=run_id)
    not_sent = len(list(chunks or ())) - len(sent)
    if chunks is None or names is None or not_sent:
        raise ReadingFailed(f"Not everything was selected and sent; clear the tasks that failed. {totals['summary']}")
    if totals["open_count"] or totals["unread_count"]:
        raise ReadingFailed(totals["summary"])
    return totals


def describe_backfill(totals: Mapping[str, Any]) -> str:
    if not totals["batch_count"]:
        price = f"about ${totals['estimate_usd']:.4f}" if totals["estimate_usd"] is not None else "no list price"
        sessions = plural(totals["submitted_count"], "session")
        return f"{sessions}, {totals['estimated_tokens']:,} tokens, {price}; nothing was sent."
    batches = plural(totals["batch_count"], "batch", "batches")
    told = [f"Read {totals['ok_count']:,} of {plural(totals['session_count'], 'session')} in {batches}"]
    if totals["unread_count"]:
        told.append(f"{totals['unread_count']:,} could not be read (see facet_extractions)")
    if totals["open_count"]:
        told.append(f"{totals['open_count']:,} still wait for their answers")
    unpriced = f", {totals['unpriced_count']:,} without a price" if totals["unpriced_count"] else ""
    return f"{', '.join(told)}; ${totals['cost_usd']:.4f} at list price{unpriced}."


def run_backfill(
    connection: Connection,
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    progress: Callable[[str], None],
    may_spend: MaySpend | None = None,
) -> dict[str, Any]:
    """All of it in one process: send, wait, collect. Interrupted at any moment, the next call takes up where it was."""
    place: dict[str, Any] = {"settings": settings, "profile": profile, "claude": claude}
    chunks = select_chunks(connection, params, **place)
    submitted = []
    for number, chunk in enumerate(chunks, 1):
        progress(f"batch {number} of {len(chunks)}: {len(chunk):,} sessions")
        submitted.append(submit_batch(connection, chunk, params, **place, may_spend=may_spend))
    names = settle_batches(connection, params, **place, may_spend=may_spend)
    waiting = list(names)
    while waiting:
        client = open_client(claude)
        for name in list(waiting):
            status = client.load(name)
            if status is not None and not status.has_ended:
                progress(f"{name}: {status.counts.get('processing', 0):,} of {status.request_count:,} to come")
                continue
            waiting.remove(name)
            try:
                collect_batch(connection, name, profile=profile, claude=claude)
            except ReadingFailed as failed:
                progress(str(failed))
        if waiting:
            time.sleep(settings.batch_poll_seconds)
    return summarize(connection, names, submitted=submitted)
