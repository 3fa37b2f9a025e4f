"""What is to be read, what a reader gets, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from session_insights.errors import SettingsError
from session_insights.records import Reading, SessionForReading, StoredEntry
from session_insights.store.corrections import adapted, lay_over, load_standing
from session_insights.store.database import Connection, execute
from session_insights.store.people import replace_purged_people
from session_insights.store.queries import load_sql
from session_insights.store.searching import refresh_search


@dataclass(frozen=True)
class DueSession:
    """A session to be read, with the name that a person knows it by."""

    session_id: str
    title: str | None


def select_due(
    connection: Connection,
    *,
    reader: str,
    prompt_version: int,
    limit: int,
    quiet_minutes: int,
    attempts: int,
    now: datetime,
    categories: Sequence[str] = ("human",),
    session_ids: Sequence[str] | None = None,
    ended_id: str | None = None,
    since: date | None = None,
    until: date | None = None,
    force: bool = False,
    dag_run_id: str | None = None,
) -> list[DueSession]:
    """Sessions that `reader` should read now, newest first.

    Due is a session of one of the `categories` (2 prompts of a person or 1 active minute at least) that has been quiet
    for `quiet_minutes` and whose text, or the question put to it, differs from what was last read. What the offline
    rules have read is due again for a model; what a model has read is due for the rules only when its text has changed.
    After n failures in a row a session waits 30 minutes · 4ⁿ⁻¹; after `attempts` of them it waits for somebody.

    Args:
        prompt_version: Of the prompt for a model, of the rules for `offline`.
        now: Quiet time and back-off are measured against it.
        session_ids: Only these. Naming a session waives all rules but two: what is read already stays unless
            `force`, and a call of our own is never read.
        ended_id: Only this one, which is known to be over: it need not have been quiet, every other rule holds.
        since: First local day on which a person spoke in the session.
        until: Last such day, included.
        force: Also what is read already or has failed too often.
        dag_run_id: Sessions that this run has tried before come first, always: clearing a run repeats it.

    Raises:
        SettingsError: One of `session_ids` is not known, or its text was deleted.
    """
    ids = list(session_ids) if session_ids is not None else None
    if ids:
        unknown = [
            row["session_id"] for row in execute(connection, load_sql("facets/unknown_sessions"), session_ids=ids)
        ]
        if unknown:
            raise SettingsError(f"session {', '.join(unknown)}: not known; run the session sync, or check the id.")
    check_text(connection, ids or [])
    rows = execute(
        connection,
        load_sql("facets/select_due"),
        session_ids=ids,
        ended_id=ended_id,
        since=since,
        until=until,
        now=now,
        quiet_minutes=quiet_minutes,
        attempts=attempts,
        result_limit=limit,
        force=force,
        categories=list(categories),
        is_model=reader != "offline",
        prompt_version=prompt_version,
        read_with=read_with(reader, prompt_version),
        dag_run_id=dag_run_id,
    )
    return [DueSession(row["session_id"], row["title"]) for row in rows]


def read_with(reader: str, version: int) -> int:
    """What a reader asks, as `read_with` and `failed_with` of insights.claude_sessions have it: negative for rules."""
    return -version if reader == "offline" else version


def check_text(connection: Connection, session_ids: Sequence[str]) -> None:
    """See to it that no session is read whose text was deleted: what was read of it before stays.

    Raises:
        SettingsError: One of them is such a session.
    """
    if session_ids:
        rows = execute(connection, load_sql("facets/sessions_without_text"), session_ids=list(session_ids))
        if rows:
            raise SettingsError(
                f"session {rows[0]['session_id']}: its text was deleted on {rows[0]['entries_deleted_at']:%Y-%m-%d} by "
                "SESSION_INSIGHTS_ENTRY_DAYS, so it cannot be read again; what was read of it before stays."
            )


def load_session(connection: Connection, session_id: str) -> SessionForReading:
    """A session with its own entries.

    Raises:
        SettingsError: It is not known.
    """
    rows = execute(connection, load_sql("facets/load_session"), session_id=session_id)
    if not rows:
        raise SettingsError(f"session {session_id}: not known; run the session sync, or check the id.")
    entries = execute(connection, load_sql("facets/load_entries"), session_id=session_id)
    return SessionForReading(**rows[0], entries=tuple(StoredEntry(**entry) for entry in entries))


def save_reading(connection: Connection, reading: Reading, *, dag_run_id: str | None = None) -> int:
    """Keep an attempt and, if it succeeded, its facet, in one transaction.

    A failed attempt leaves the facet of an earlier one as it is. What people have corrected stays as they said.

    Returns:
        The attempt's row in `facet_extractions`.
    """
    attempt = {name: value for name, value in asdict(reading).items() if name != "facet"}
    with connection.transaction():
        [kept] = execute(connection, load_sql("facets/insert_extraction"), **attempt, dag_run_id=dag_run_id)
        if reading.state == "ok" and reading.facet is not None:
            # First, because it locks the session: nobody corrects it between here and the end.
            execute(connection, load_sql("facets/mark_extracted"), session_id=reading.session_id)
            standing = load_standing(connection, reading.session_id)
            execute(
                connection,
                load_sql("facets/upsert_facet"),
                **adapted(lay_over(asdict(reading.facet), standing)),
                reader=reading.reader,
                prompt_version=reading.prompt_version,
                prompt_hash=reading.prompt_hash,
                content_hash=reading.content_hash,
                extraction_model=reading.model,
                extraction_cost_usd=reading.cost_usd,
            )
            replace_purged_people(connection, [reading.session_id])
            refresh_search(connection, [reading.session_id])
    return int(kept["id"])


def summarize_run(connection: Connection, dag_run_id: str, *, categories: Sequence[str]) -> dict[str, Any]:
    """Counts of sessions by their last try in a run, tokens and dollars of all its tries, and what is read overall."""
    [row] = execute(connection, load_sql("facets/summarize_run"), dag_run_id=dag_run_id, categories=list(categories))
    return row
