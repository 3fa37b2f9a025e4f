"""Sessions → facets: which are due, and one read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from session_insights.errors import ReadingFailed
from session_insights.facets.reading import choose_reader, question_of, read_session
from session_insights.llm.claude import ClaudeClient, ClaudeConnection
from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.store import facets as facet_store
from session_insights.store.database import Connection
from session_insights.store.facets import DueSession
from session_insights.windows import parse_day


def select_sessions(
    connection: Connection,
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    run_id: str | None = None,
) -> list[DueSession]:
    """Sessions that are due, newest first; in a run that is cleared, those that it read before."""
    reader = _chosen_reader(params, settings, claude)
    named = params.get("session_id")
    return facet_store.select_due(
        connection,
        reader=reader,
        prompt_version=question_of(reader, profile).version,
        limit=params.get("limit") or settings.facet_limit,
        quiet_minutes=settings.quiet_minutes,
        attempts=settings.facet_attempts,
        now=datetime.now(UTC),
        session_ids=[named] if isinstance(named, str) else named,
        since=parse_day(params.get("since"), "since"),
        until=parse_day(params.get("until"), "until"),
        force=bool(params.get("force")),
        dag_run_id=run_id,
    )


def _chosen_reader(
    params: Mapping[str, Any], settings: Settings, claude: ClaudeConnection | None
) -> Literal["claude", "offline"]:
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
        ReadingFailed: The attempt failed; it is kept with its reason.
    """
    reading = read_session(
        facet_store.load_session(connection, session_id),
        profile=profile,
        settings=settings,
        reader=_chosen_reader(params, settings, claude),
        client=ClaudeClient(claude) if claude is not None else None,
        dry_run=bool(params.get("dry_run")),
    )
    facet_store.save_reading(connection, reading, dag_run_id=run_id)
    if reading.state in ("failed", "refused"):
        raise ReadingFailed(reading.error)
    return {
        "session_id": session_id,
        "state": reading.state,
        "model": reading.model,
        "input_tokens": reading.input_tokens,
        "output_tokens": reading.output_tokens,
        "cost_usd": reading.cost_usd,
    }


def describe_extraction(totals: Mapping[str, Any]) -> str:
    tried = (
        f"{totals['dry_run_count']} would be read" if totals["dry_run_count"] else f"Read {totals['ok_count']} sessions"
    )
    failed = f", {totals['failed_count']} failed (see facet_extractions)" if totals["failed_count"] else ""
    return f"{tried}{failed}; ${totals['cost_usd']:.4f} at list price."
