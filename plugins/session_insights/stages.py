"""One function a task: composes rooms, returns ids and counts, never text of a transcript."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

from session_insights.aggregates.catalog import find_aggregates, period_type_of
from session_insights.aggregates.refreshing import RefreshedFigure
from session_insights.aggregates.refreshing import refresh_figure as refresh_aggregate
from session_insights.errors import ReadingFailed, SettingsError
from session_insights.facets.reading import choose_reader, question_of, read_session
from session_insights.keeping import archive_files, strip_purged, without_purged
from session_insights.llm.claude import ClaudeClient, ClaudeConnection
from session_insights.narratives.sections import Narrative
from session_insights.narratives.writing import write_by_claude, write_offline
from session_insights.profile import Profile
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.reports.content import ReportFacts, build_content
from session_insights.reports.publishing import publish_report as publish_page
from session_insights.reports.rendering import render_html
from session_insights.settings import Settings, find_include_dir
from session_insights.store import facets as facet_store
from session_insights.store import figures as figure_store
from session_insights.store import transcripts as store
from session_insights.store.database import Connection, execute
from session_insights.store.facets import DueSession
from session_insights.store.migrations import migrate as apply_migrations
from session_insights.store.purging import load_purged
from session_insights.transcripts.files import find_transcripts, split_by_size
from session_insights.transcripts.syncing import batches, changed_files, read_files, vanished_paths
from session_insights.windows import Period, Window, parse_day

Progress = Callable[[str], None]
_BATCH_ENTRIES = 5_000
_CHUNK_BYTES = 64 * 1024 * 1024
_MOST_CHUNKS = 32


def migrate(connection: Connection, settings: Settings) -> list[str]:
    """Create or update the tables; names of the migrations applied."""
    return apply_migrations(connection, find_include_dir(settings) / "sql" / "migrations")


def check_workplace(
    connection: Connection,
    sources: list[tuple[str, Path]],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
) -> dict[str, Any]:
    """What a run would work with.

    Raises:
        SettingsError: There is nothing to read, or the tables are older than the code.
    """
    missing = [str(path) for _, path in sources if not path.is_dir()]
    if missing or not sources:
        raise SettingsError(
            f"No transcripts: {', '.join(missing) or '~/.claude/projects'} is no folder; see SESSION_INSIGHTS_SOURCES."
        )
    [server] = execute(connection, "select current_setting('server_version_num')::int / 10000 as major")
    if server["major"] < 15:
        raise SettingsError(f"Postgres {server['major']} is too old: 15 or newer is needed.")
    return {
        "postgres": server["major"],
        "sources": [f"{machine}={path}" for machine, path in sources],
        "reader": choose_reader(settings.reader, has_claude=claude is not None),
        "businesses": len(profile.businesses),
        "skills": len(profile.skills),
    }


def find_changed(
    connection: Connection, sources: list[tuple[str, Path]]
) -> tuple[list[TranscriptFile], dict[str, int]]:
    """Look at every source; files to read, and counts of files found, changed and vanished."""
    ledger = store.load_ledger(connection, sorted({machine for machine, _ in sources}))
    changed: list[TranscriptFile] = []
    counts = {"found_count": 0, "changed_count": 0, "vanished_count": 0}
    for machine, root in sources:
        found = find_transcripts(machine, root)
        counts["found_count"] += len(found)
        gone = vanished_paths(found, ledger, machine, str(root))
        counts["vanished_count"] += store.save_vanished(connection, machine, gone) if gone else 0
        changed += changed_files(found, ledger)
    changed = without_purged(connection, changed)
    counts["changed_count"] = len(changed)
    return changed, counts


def sync_files(
    connection: Connection,
    files: list[TranscriptFile],
    *,
    profile: Profile,
    settings: Settings,
    processes: int | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Read files and save what they give; a file that cannot be read is kept as failed and the others go on."""
    counts: dict[str, Any] = {
        "read_count": 0,
        "failed_count": 0,
        "session_count": 0,
        "read_bytes": 0,
        "bad_line_count": 0,
    }
    purged = load_purged(connection)
    files = without_purged(connection, files)
    if processes is None:
        processes = settings.sync_processes or os.cpu_count() or 1

    def readable() -> Iterator[ParsedFile]:
        for file, result in read_files(files, entry_characters=settings.entry_characters, processes=processes):
            if isinstance(result, str):
                counts["failed_count"] += 1
                store.save_failure(connection, file, result)
                progress(f"not read: {result}")
            elif (kept := strip_purged(result, purged)) is not None:
                yield kept

    for batch in batches(readable(), entries=_BATCH_ENTRIES):
        sessions = store.save_files(connection, batch, time_zone=profile.time_zone)
        counts["read_count"] += len(batch)
        counts["session_count"] += len(sessions)
        counts["read_bytes"] += sum(item.read_bytes for item in batch)
        counts["bad_line_count"] += sum(len(item.bad_lines) for item in batch)
        progress(f"{counts['read_count']} of {len(files)} files, {counts['read_bytes'] / 1e6:,.0f} MB")
    store.recut_days(connection, time_zone=profile.time_zone)
    return counts | archive_files(connection, files, settings=settings)


def find_chunks(
    connection: Connection, sources: list[tuple[str, Path]]
) -> tuple[list[list[TranscriptFile]], dict[str, int]]:
    """Files to read, in chunks of about equal size, and the counts of `find_changed`."""
    changed, counts = find_changed(connection, sources)
    return split_by_size(changed, chunk_bytes=_CHUNK_BYTES, most=_MOST_CHUNKS), counts


def describe_found(counts: Mapping[str, int]) -> str:
    gone = f", {counts['vanished_count']} are gone" if counts["vanished_count"] else ""
    return f"{counts['found_count']:,} files, {counts['changed_count']:,} of them changed{gone}."


def describe_sync(answer: Mapping[str, Any]) -> str:
    failed = (
        f" {answer['failed_count']} files could not be read; see transcript_files." if answer["failed_count"] else ""
    )
    bad = f" {answer['bad_line_count']} bad lines were noted." if answer["bad_line_count"] else ""
    return (
        f"{describe_found(answer)} Read {answer['read_count']:,} files ({answer['read_bytes'] / 1e6:,.1f} MB), "
        f"{answer['session_count']:,} sessions written.{bad}{failed}"
    )


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


def aggregate_names() -> list[str]:
    """The aggregates of a week, one task each."""
    return [aggregate.name for aggregate in find_aggregates()]


def open_snapshot(connection: Connection, period: Period, window: Window) -> dict[str, Any]:
    """Settle which days a report is about; what the tasks after it need."""
    period_type = period_type_of(period, window)
    return {
        "snapshot_id": figure_store.open_snapshot(connection, period_type, window),
        "period": period,
        "period_type": period_type,
        "first_day": window.start.isoformat(),
        "last_day": window.last_day.isoformat(),
    }


def refresh_figure(connection: Connection, snapshot: Mapping[str, Any], name: str) -> RefreshedFigure:
    """Run one aggregate for the report's days and for those before."""
    window, period = _days_of(snapshot), cast(Period, snapshot["period"])
    return refresh_aggregate(connection, snapshot["snapshot_id"], name, window, period)


def write_narrative(
    connection: Connection,
    snapshot: Mapping[str, Any],
    params: Mapping[str, Any],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
) -> dict[str, Any]:
    """Say in words what the figures show."""
    figures = figure_store.load_figures(connection, snapshot["snapshot_id"])
    last = figure_store.load_last_narrative(connection, snapshot["snapshot_id"])
    earlier = Narrative.model_validate(last) if last else None
    if _chosen_reader(params, settings, claude) == "claude" and claude is not None:
        narrative = write_by_claude(
            figures,
            profile,
            _days_of(snapshot),
            client=ClaudeClient(claude),
            model=settings.narrative_model,
            last=earlier,
        )
    else:
        narrative = write_offline(figures, profile, _days_of(snapshot), last=earlier)
    figure_store.save_narrative(connection, snapshot["snapshot_id"], narrative.model_dump(mode="json"))
    return {
        "writer": narrative.writer,
        "dropped_sentence_count": narrative.dropped_sentence_count,
        "cost_usd": narrative.cost_usd,
    }


def publish_report(
    connection: Connection, snapshot: Mapping[str, Any], *, settings: Settings, profile: Profile
) -> dict[str, Any]:
    """Render the page and put it where reports are kept."""
    snapshot_id, window = snapshot["snapshot_id"], _days_of(snapshot)
    figures = figure_store.load_figures(connection, snapshot_id)
    narrative = Narrative.model_validate(figure_store.load_narrative(connection, snapshot_id))
    facts = ReportFacts(made_at=figure_store.load_made_at(connection, snapshot_id), version=version("session-insights"))
    page = render_html(build_content(figures, narrative, profile, window, facts))
    path = publish_page(
        page, reports_dir=settings.reports_dir.expanduser(), period_type=snapshot["period_type"], window=window
    )
    figure_store.save_report_url(connection, snapshot_id, path.absolute().as_uri())
    [coverage] = figures.current["coverage"]
    return {
        "path": str(path.absolute()),
        "session_count": coverage["session_count"],
        "read_count": coverage["read_count"],
        "coverage": f"Read {coverage['read_count']} of {coverage['session_count']} sessions.",
    }


def _days_of(snapshot: Mapping[str, Any]) -> Window:
    last_day = date.fromisoformat(snapshot["last_day"])
    return Window(date.fromisoformat(snapshot["first_day"]), last_day + timedelta(days=1))
