"""Batches on their way: planned before they are sent, open until every answer is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from session_insights.records import Reading
from session_insights.store.database import Connection, execute
from session_insights.store.facets import save_reading
from session_insights.store.queries import load_sql


@dataclass(frozen=True)
class Batch:
    """One row of `facet_batches`."""

    batch_id: str  # ours; its requests' custom ids begin with it
    provider_id: str | None  # the API's; None: not known to be there
    is_recognized: bool  # found in the API's list; its results must prove it
    not_ours: list[str]
    model: str
    prompt_version: int
    prompt_hash: str
    request_count: int
    dag_run_id: str | None
    planned_at: datetime
    tried_at: datetime | None  # last about to be sent; None: the API cannot have it
    collected_at: datetime | None


@dataclass(frozen=True)
class BatchRequest:
    """One session in a batch whose answer is not kept yet."""

    custom_id: str
    session_id: str
    content_hash: str  # of the text that was sent


def plan_batch(
    connection: Connection,
    batch_id: str,
    session_ids: Sequence[str],
    *,
    model: str,
    prompt_version: int,
    prompt_hash: str,
    force: bool,
    dag_run_id: str | None,
) -> int:
    """Write down what is about to be sent: a session is in one open batch at most.

    Args:
        force: Also sessions that a model has read with this question.

    Returns:
        Sessions in the batch; none, and there is no batch.
    """
    with connection.transaction():
        execute(
            connection,
            load_sql("batches/insert_batch"),
            batch_id=batch_id,
            model=model,
            prompt_version=prompt_version,
            prompt_hash=prompt_hash,
            dag_run_id=dag_run_id,
        )
        planned = execute(
            connection,
            load_sql("batches/plan_requests"),
            batch_id=batch_id,
            session_ids=list(session_ids),
            prompt_version=prompt_version,
            force=force,
        )
        if not planned:
            raise psycopg.Rollback
    return len(planned)


def load_batch(connection: Connection, name: str) -> Batch | None:
    """A batch by our id or by the API's."""
    rows = execute(connection, load_sql("batches/load_batch"), name=name)
    return Batch(**rows[0]) if rows else None


@contextmanager
def holding_batch(connection: Connection, batch_id: str) -> Iterator[None]:
    """One process at a time sends a batch; others wait here until that one is done, or dead."""
    execute(connection, load_sql("batches/hold_batch"), batch_id=batch_id)
    try:
        yield
    finally:
        execute(connection, load_sql("batches/release_batch"), batch_id=batch_id)


def load_requests(connection: Connection, batch_id: str) -> list[BatchRequest]:
    """Requests without an answer."""
    return [BatchRequest(**row) for row in execute(connection, load_sql("batches/load_requests"), batch_id=batch_id)]


def save_attempt_to_send(
    connection: Connection, batch_id: str, hashes: dict[str, str], *, estimated_tokens: int, estimate_usd: float | None
) -> None:
    """Note what is about to be sent and what it should cost: from here on the API may have it.

    Args:
        hashes: Content hash by custom id, of each request that is sent.
    """
    with connection.transaction():
        execute(
            connection,
            load_sql("batches/refresh_requests"),
            batch_id=batch_id,
            custom_ids=list(hashes),
            content_hashes=list(hashes.values()),
        )
        execute(
            connection,
            load_sql("batches/estimate_batch"),
            batch_id=batch_id,
            request_count=len(hashes),
            estimated_tokens=estimated_tokens,
            estimate_usd=estimate_usd,
        )


def mark_sent(connection: Connection, batch_id: str, provider_id: str, *, is_recognized: bool = False) -> None:
    execute(
        connection,
        load_sql("batches/mark_sent"),
        batch_id=batch_id,
        provider_id=provider_id,
        is_recognized=is_recognized,
    )


def mark_not_ours(connection: Connection, batch_id: str) -> None:
    execute(connection, load_sql("batches/mark_not_ours"), batch_id=batch_id)


def mark_collected(connection: Connection, batch_id: str) -> None:
    execute(connection, load_sql("batches/mark_collected"), batch_id=batch_id)


def delete_plan(connection: Connection, batch_id: str) -> None:
    """Forget a batch that the API certainly does not have; one that was sent stays."""
    execute(connection, load_sql("batches/delete_plan"), batch_id=batch_id)


def open_batches(connection: Connection) -> list[tuple[str, str | None]]:
    """(our id, the API's) of batches with answers to come, oldest first."""
    return [(row["batch_id"], row["provider_id"]) for row in execute(connection, load_sql("batches/open_batches"))]


def outstanding_usd(connection: Connection) -> float:
    """What batches should cost that are sent and not collected: no attempt shows it yet."""
    [row] = execute(connection, load_sql("batches/outstanding"))
    return float(row["outstanding_usd"])


def known_providers(connection: Connection) -> set[str]:
    """Names that the API gave to batches of ours."""
    return {row["provider_id"] for row in execute(connection, load_sql("batches/known_providers"))}


def session_sizes(connection: Connection, session_ids: Sequence[str]) -> list[tuple[str, int]]:
    """(session, bytes of its entries), in the order given."""
    rows = execute(connection, load_sql("batches/session_sizes"), session_ids=list(session_ids))
    return [(row["session_id"], row["size_bytes"]) for row in rows]


@contextmanager
def locked_request(connection: Connection, custom_id: str) -> Iterator[dict[str, Any] | None]:
    """A request without an answer, for one collector at a time; None when there is nothing left to do."""
    with connection.transaction():
        rows = execute(connection, load_sql("batches/lock_request"), custom_id=custom_id)
        yield rows[0] if rows else None


def close_request(connection: Connection, custom_id: str, reading: Reading, *, dag_run_id: str | None) -> None:
    """Keep what came of a request; inside `locked_request`, so both or none."""
    kept = save_reading(connection, reading, dag_run_id=dag_run_id)
    execute(
        connection,
        load_sql("batches/close_request"),
        custom_id=custom_id,
        state=reading.state,
        extraction_id=kept,
    )


def load_unread(connection: Connection, names: Sequence[str], *, dag_run_id: str | None = None) -> list[dict[str, Any]]:
    """Sessions of batches, named or of a run, that nobody could read yet: session_id, state, error."""
    return execute(connection, load_sql("batches/unread"), names=list(names), dag_run_id=dag_run_id)


def summarize_batches(connection: Connection, names: Sequence[str], *, dag_run_id: str | None = None) -> dict[str, Any]:
    """Sessions by state, tokens and dollars of batches, named or of a run."""
    [row] = execute(connection, load_sql("batches/summarize"), names=list(names), dag_run_id=dag_run_id)
    return row
