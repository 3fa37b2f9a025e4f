"""`session-insights`: every stage from the shell, without Airflow."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from session_insights.errors import BudgetReached, InsightsError, ReadingFailed, SettingsError
from session_insights.evaluation.describing import describe_result
from session_insights.facets.correcting import split_assignments
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.posting import Channel, ChannelName, check_channel
from session_insights.options import build_parser
from session_insights.profile import Profile, load_profile
from session_insights.settings import (
    Settings,
    find_profile_path,
    find_skill_roots,
    find_sources,
    load_settings,
    parse_source,
)
from session_insights.stages import (
    collection,
    correcting,
    evaluating,
    extraction,
    keeping,
    maintaining,
    notifying,
    reporting,
    setup,
    sync,
)
from session_insights.store.database import Connection, connect
from session_insights.windows import resolve_window

Answer = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 only when nothing failed."""
    options = build_parser(RUN).parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        answer = options.run(options)
    except InsightsError as error:
        print(f"session-insights: {error}", file=sys.stderr)
        return 2
    except psycopg.ProgrammingError:
        # Tables or columns that are not there, unless the statement itself is wrong.
        if not (pending := setup.find_pending(load_settings().database_url)):
            raise
        text = f"the tables are older than the code: {', '.join(pending)} to be applied; run `session-insights migrate`"
        print(f"session-insights: {text}", file=sys.stderr)
        return 2
    except psycopg.OperationalError as error:
        what = "the database does not answer" if error.sqlstate is None else "the database could not do it"
        print(f"session-insights: {what}: {str(error).strip()}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(answer, default=str))
    else:
        print(answer["summary"])
    return 1 if answer.get("failed_count") or answer.get("has_fallen") else 0


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _claude() -> ClaudeConnection | None:
    key = os.environ.get("ANTHROPIC_API_KEY")
    return ClaudeConnection(api_key=key, base_url=os.environ.get("ANTHROPIC_BASE_URL")) if key else None


def _channels() -> list[Channel]:
    addresses: dict[ChannelName, str] = {"slack": "SLACK_WEBHOOK_URL", "discord": "DISCORD_WEBHOOK_URL"}
    found = [Channel(name, os.environ[variable]) for name, variable in addresses.items() if os.environ.get(variable)]
    if not found:
        raise SettingsError("Nothing to post to: set SLACK_WEBHOOK_URL or DISCORD_WEBHOOK_URL.")
    return [check_channel(channel) for channel in found]


def _migrate(_: argparse.Namespace) -> Answer:
    settings = load_settings()
    with closing(connect(settings.database_url)) as database:
        applied = setup.migrate(database, settings)
    return {"applied": applied, "summary": f"Applied {', '.join(applied)}." if applied else "Nothing to migrate."}


def _sync(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings))
    if options.from_archive:
        with closing(connect(settings.database_url)) as database:
            answer = keeping.resync_from_archive(database, profile=profile, settings=settings, progress=_progress)
        return {**answer, "summary": sync.describe_sync(answer)}
    sources = find_sources(settings)
    if options.source:
        sources = [parse_source(text, machine=options.machine) for text in options.source]
    with closing(connect(settings.database_url)) as database:
        files, counts = sync.find_changed(database, sources)
        synced = sync.sync_files(database, files, profile=profile, settings=settings, progress=_progress)
        earlier = keeping.archive_earlier(database, sources, settings=settings)
        warnings = sync.find_source_warnings(database, sources, settings=settings)
    archived = {name: synced[name] + count for name, count in earlier.items()}
    answer = {**counts, **synced, **archived, "warnings": warnings}
    return {**answer, "summary": sync.describe_sync(answer)}


def _purge(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings))
    with closing(connect(settings.database_url)) as database:
        return keeping.purge(
            database,
            session_ids=options.session_id,
            person=options.person,
            with_forks=options.with_forks,
            dry_run=options.dry_run,
            profile=profile,
            settings=settings,
        )


def _correct(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings), skill_roots=find_skill_roots())
    with closing(connect(settings.database_url)) as database:
        if not options.values and not options.undo:
            acts = correcting.list_corrections(database, options.session_id)
            return {"acts": acts, "summary": correcting.describe_acts(options.session_id, acts)}
        answer = correcting.correct_facets(
            database,
            options.session_id,
            split_assignments(options.values),
            by=options.by or profile.owner,
            note=options.note,
            undo=options.undo,
            profile=profile,
        )
    return {**answer, "summary": correcting.describe_correction(answer)}


def _eval(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings), skill_roots=find_skill_roots())
    results, verdicts = [], []
    for name in options.labels or [evaluating.CORRECTIONS]:
        if name == evaluating.CORRECTIONS:
            with closing(connect(settings.database_url)) as database:
                labels, sessions = evaluating.load_corrected(database, profile=profile)
        else:
            labels, sessions = evaluating.load_labelled(Path(name), profile=profile, settings=settings)
        result = evaluating.evaluate(
            labels,
            sessions,
            profile=profile,
            settings=settings,
            reader=options.reader or settings.reader,
            claude=_claude(),
            progress=_progress,
        )
        results.append(result)
        verdicts.append(evaluating.judge_result(result, options.history, margin=options.margin, accept=options.accept))
    return {
        "results": [{**result, **verdict} for result, verdict in zip(results, verdicts, strict=True)],
        "failed_count": sum(result["unread_count"] for result in results),
        "has_fallen": any(verdict["failed"] for verdict in verdicts) and not options.accept,
        "summary": "\n\n".join(describe_result(*pair) for pair in zip(results, verdicts, strict=True)),
    }


def _extract(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings), skill_roots=find_skill_roots())
    params = {name: value for name, value in vars(options).items() if name not in ("run", "json") and value is not None}
    claude = _claude()
    if options.reader == "batch":
        return _extract_in_batches(params, settings, profile, claude)
    run_id = f"command-{uuid4()}"
    session_ids = []
    with closing(connect(settings.database_url)) as database:
        due = extraction.select_sessions(database, params, settings=settings, profile=profile, claude=claude)
        for number, session in enumerate(due, 1):
            _progress(f"{number} of {len(due)}: {session.title or session.session_id}")
            try:
                extraction.extract_facets(
                    database,
                    session.session_id,
                    params,
                    settings=settings,
                    profile=profile,
                    claude=claude,
                    run_id=run_id,
                )
            except (ReadingFailed, BudgetReached) as error:
                _progress(str(error))
                continue
            session_ids.append(session.session_id)
        selected = [session.session_id for session in due]
        totals = extraction.summarize_run(database, selected, settings=settings, run_id=run_id)
    return {**totals, "session_ids": session_ids}


def _extract_in_batches(
    params: dict[str, Any], settings: Settings, profile: Profile, claude: ClaudeConnection | None
) -> Answer:
    with closing(connect(settings.database_url)) as database:
        try:
            totals = collection.run_backfill(
                database, params, settings=settings, profile=profile, claude=claude, progress=_progress
            )
        except KeyboardInterrupt:
            _progress("The batches go on without you; the same command takes up where this one was.")
            raise SystemExit(130) from None
    return {**totals, "failed_count": totals["unread_count"]}


def _maintain(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    with closing(connect(settings.database_url)) as database:
        return maintaining.maintain(database, settings=settings, dry_run=options.dry_run)


def _report(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings), skill_roots=find_skill_roots())
    if options.out is not None:
        settings = settings.model_copy(update={"reports_dir": options.out})
    window = resolve_window(
        options.period, time_zone=profile.zone, run_at=datetime.now(UTC), since=options.since, until=options.until
    )
    if options.upload and (reason := reporting.why_no_upload({}, settings)):
        raise SettingsError(reason)
    params = {"reader": options.reader, "formats": options.format}
    channels = _channels() if options.notify or options.revise else []
    with closing(connect(settings.database_url)) as database:
        snapshot = reporting.open_snapshot(database, options.period, window)
        for name in reporting.aggregate_names(options.period):
            reporting.refresh_figure(database, snapshot, name)
        written = reporting.write_narrative(
            database, snapshot, params, settings=settings, profile=profile, claude=_claude()
        )
        published = reporting.publish_report(database, snapshot, params, settings=settings, profile=profile)
        uploaded = _upload(database, snapshot, params, settings, profile) if options.upload else {}
        posted = notifying.notify_report(database, snapshot, channels, profile=profile, revise=options.revise)
    lines = [*published["paths"].values(), published["coverage"]]
    lines += [*uploaded.get("report_urls", {}).values(), uploaded.get("upload_error")]
    lines += [f"{name}: {what}" for name, what in posted.items()]
    summary = "\n".join(line for line in lines if line)
    return {**snapshot, **written, **published, **uploaded, "posted": posted, "summary": summary}


def _upload(database: Connection, snapshot: Answer, params: Answer, settings: Settings, profile: Profile) -> Answer:
    """A failure is part of the answer: the pages are written already, and where they are must be said."""
    try:
        return reporting.upload_report(database, snapshot, params, settings=settings, profile=profile)
    except InsightsError as error:
        return {"failed_count": 1, "upload_error": f"Not uploaded: {error}"}


RUN = {
    "migrate": _migrate,
    "sync": _sync,
    "extract": _extract,
    "purge": _purge,
    "maintain": _maintain,
    "correct": _correct,
    "eval": _eval,
    "report": _report,
}
