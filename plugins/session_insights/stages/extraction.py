"""Sessions → facets: which are due, one read, and what a run came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from session_insights.errors import BudgetReached, ReadingFailed
from session_insights.facets.reading import ChosenReader, choose_reader, question_of, read_session
from session_insights.llm.claude import ClaudeConnection
from session_insights.llm.clients import open_client
from session_insights.profile import Profile
from session_insights.records import Facet, Reading
from session_insights.settings import Settings
from session_insights.store import facets as facet_store
from session_insights.store.database import Connection
from session_insights.store.facets import DueSession
from session_insights.store.spending import check_budget
from session_insights.transcripts.lines import clean
from session_insights.transcripts.redaction import mask_secrets
from session_insights.windows import parse_day
from session_insights.wording import plural


def select_sessions(
    connection: Connection,
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    run_id: str | None = None,
    ended_id: str | None = None,
) -> list[DueSession]:
    """Sessions that are due, newest first; in a run that is cleared, those that it tried before.

    `ended_id` is a session that is over: it alone is looked at, and need not have been quiet.
    """
    reader = _chosen_reader(params, settings, claude)
    named = params.get("session_id")
    return facet_store.select_due(
        connection,
        reader=reader,
        prompt_version=question_of(reader, profile).version,
        limit=params.get("limit") or settings.facet_limit,
        quiet_minutes=settings.quiet_minutes,
        attempts=settings.facet_attempts,
        categories=settings.facet_categories,
        now=datetime.now(UTC),
        session_ids=[named] if isinstance(named, str) else named,
        ended_id=ended_id,
        since=parse_day(params.get("since"), "since"),
        until=parse_day(params.get("until"), "until"),
        force=bool(params.get("force")),
        dag_run_id=run_id,
    )


def _chosen_reader(params: Mapping[str, Any], settings: Settings, claude: ClaudeConnection | None) -> ChosenReader:
    wanted = params.get("reader") or settings.reader
    # A dry run sends nothing, so it needs no connection.
    is_dry = bool(params.get("dry_run")) and wanted == "claude"
    return choose_reader(wanted, has_claude=claude is not None or is_dry)


def name_session(connection: Connection, session_id: str) -> str:
    """What a person knows a session by."""
    return facet_store.load_session(connection, session_id).title or session_id


def extract_facets(
    connection: Connection,
    session_id: str,
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    run_id: str | None = None,
) -> dict[str, Any]:
    """Read one session, whether it is due or not, and keep the attempt.

    Raises:
        SettingsError: Its text was deleted.
        ReadingFailed: The attempt failed; it is kept with its reason.
        BudgetReached: A cap leaves no room; nothing was sent, which is kept too and is no failed try.
    """
    facet_store.check_text(connection, [session_id])
    reader = _chosen_reader(params, settings, claude)
    reading = read_session(
        facet_store.load_session(connection, session_id),
        profile=profile,
        settings=settings,
        reader=reader,
        client=open_client(reader, claude, settings),
        dry_run=bool(params.get("dry_run")),
        may_spend=lambda estimate_usd: check_budget(connection, estimate_usd, settings, profile),
    )
    reading = masked(reading)
    facet_store.save_reading(connection, reading, dag_run_id=run_id)
    if reading.state == "skipped":
        raise BudgetReached(reading.error)
    if reading.state in ("failed", "refused"):
        raise ReadingFailed(reading.error)
    return {
        "session_id": session_id,
        "state": reading.state,
        "model": reading.model,
        "input_tokens": reading.input_tokens,
        "output_tokens": reading.output_tokens,
        "cost_usd": reading.cost_usd,
        "estimated_tokens": reading.estimated_tokens,
        "estimated_cost_usd": reading.estimated_cost_usd,
    }


def masked(reading: Reading) -> Reading:
    """A reading fit to be stored: without characters that Postgres refuses, and without secrets.

    What a model says may repeat a secret that the masking of its transcript has missed.
    """
    facet = reading.facet
    if facet is not None:
        texts = {field.name: _mask(getattr(facet, field.name)) for field in fields(Facet) if field.name != "session_id"}
        facet = replace(facet, **texts)
    return replace(reading, facet=facet, error=_mask(reading.error), model=_mask(reading.model))


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        return mask_secrets(clean(value))
    if isinstance(value, list):
        return [_mask(item) for item in value]
    if isinstance(value, dict):
        return {_mask(name): _mask(item) for name, item in value.items()}
    return value


def summarize_run(
    connection: Connection, session_ids: Sequence[str], *, settings: Settings, run_id: str
) -> dict[str, Any]:
    """What became of the sessions that a run selected, what it cost, and how much is read by now."""
    row = facet_store.summarize_run(connection, run_id, categories=settings.facet_categories)
    totals = {**row, "unanswered_count": len(set(session_ids)) - row["tried_count"]}
    coverage = f"Of all sessions {row['read_count']:,} of {row['session_count']:,} are read."
    return {**totals, "summary": f"{describe_extraction(totals)} {coverage}"}


def describe_extraction(totals: Mapping[str, Any]) -> str:
    """Counts, tokens and dollars of a run, as one line."""
    if totals["dry_run_count"]:
        price = f"about ${totals['estimated_cost_usd']:.4f} at list price"
        return f"{totals['dry_run_count']} would be read: {totals['estimated_tokens']:,} tokens, {price}; nothing sent."
    parts = [f"Read {plural(totals['ok_count'], 'session')}"]
    if totals["failed_count"]:
        parts.append(f"{totals['failed_count']} failed (see facet_extractions)")
    if totals["unanswered_count"]:
        parts.append(f"{totals['unanswered_count']} left without an answer (see their tasks)")
    if totals["skipped_count"]:
        parts.append(f"{totals['skipped_count']} skipped ({totals['skipped_because']})")
    unpriced = f", {plural(totals['unpriced_count'], 'call')} without a list price" if totals["unpriced_count"] else ""
    return (
        f"{', '.join(parts)}; {totals['input_tokens']:,} tokens in, {totals['output_tokens']:,} out; "
        f"${totals['cost_usd']:.4f} at list price{unpriced}."
    )
