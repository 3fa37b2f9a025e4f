"""`session-insights`: every stage from the shell, without Airflow."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from session_insights.errors import InsightsError, ReadingFailed, SettingsError
from session_insights.llm.claude import ClaudeConnection
from session_insights.profile import load_profile
from session_insights.settings import find_profile_path, find_skill_roots, find_sources, load_settings, parse_source
from session_insights.stages import extraction, keeping, reporting, setup, sync
from session_insights.store.database import connect
from session_insights.windows import resolve_window

Answer = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 only when nothing failed."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        answer = options.run(options)
    except InsightsError as error:
        print(f"session-insights: {error}", file=sys.stderr)
        return 2
    except psycopg.OperationalError as error:
        print(f"session-insights: the database does not answer: {str(error).strip()}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(answer, default=str))
    else:
        print(answer["summary"])
    return 1 if answer.get("failed_count") else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="session-insights",
        description="Claude Code transcripts → sessions → facets → reports.",
        epilog="The database is named by SESSION_INSIGHTS_DATABASE_URL; other settings are in .env.example.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("--json", action="store_true", help="one JSON object on stdout")
        sub.set_defaults(run=run)
        return sub

    command("migrate", _migrate, "create or update the tables")
    sync = command("sync", _sync, "read transcripts that changed")
    sync.add_argument("--source", type=Path, action="append", help="a projects root; again for more")
    sync.add_argument("--machine", help="where the sources are from; default: this machine's name")
    sync.add_argument("--from-archive", action="store_true", help="read every archived file again instead")
    extract = command("extract", _extract, "read sessions and keep what they were about")
    extract.add_argument("--session-id", action="append", help="only this session; again for more")
    extract.add_argument("--since", help="first day, as 2026-11-15")
    extract.add_argument("--until", help="last day, included")
    extract.add_argument("--limit", type=_positive, help="sessions at most; default 20")
    extract.add_argument("--force", action="store_true", help="also what is read already")
    extract.add_argument("--dry-run", action="store_true", help="say what would be sent, send nothing")
    extract.add_argument("--reader", choices=["auto", "claude", "offline"])
    purge = command("purge", _purge, "delete sessions everywhere, or take a person's name out")
    purge.add_argument("--session-id", action="append", default=[], help="a session and its sub-agents; again for more")
    purge.add_argument("--with-forks", action="store_true", help="also sessions that hold copied history of them")
    purge.add_argument("--person", metavar="NAME", help="replace the name by [person] in entries, titles and facets")
    purge.add_argument("--dry-run", action="store_true", help="say what would go, delete nothing")
    report = command("report", _report, "figures, text and page of a period")
    report.add_argument("--period", choices=["weekly", "monthly"], default="weekly")
    report.add_argument("--since", help="first day, as 2026-11-15")
    report.add_argument("--until", help="last day, included")
    report.add_argument("--out", type=Path, help="folder for the page")
    report.add_argument("--reader", choices=["auto", "claude", "offline"], help="who writes the text")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _claude() -> ClaudeConnection | None:
    key = os.environ.get("ANTHROPIC_API_KEY")
    return ClaudeConnection(api_key=key, base_url=os.environ.get("ANTHROPIC_BASE_URL")) if key else None


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
        sources = [parse_source(str(path), machine=options.machine) for path in options.source]
    if not sources:
        raise SettingsError("No transcripts: no ~/.claude/projects here; name a folder by --source.")
    with closing(connect(settings.database_url)) as database:
        files, counts = sync.find_changed(database, sources)
        synced = sync.sync_files(database, files, profile=profile, settings=settings, progress=_progress)
        earlier = keeping.archive_earlier(database, sources, settings=settings)
    answer = {**counts, **synced, **{name: synced[name] + count for name, count in earlier.items()}}
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


def _extract(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings), skill_roots=find_skill_roots())
    params = {name: value for name, value in vars(options).items() if name not in ("run", "json") and value is not None}
    claude = _claude()
    totals: Answer = {"ok_count": 0, "failed_count": 0, "dry_run_count": 0, "cost_usd": 0.0, "session_ids": []}
    with closing(connect(settings.database_url)) as database:
        due = extraction.select_sessions(database, params, settings=settings, profile=profile, claude=claude)
        for number, session in enumerate(due, 1):
            _progress(f"{number} of {len(due)}: {session.title or session.session_id}")
            try:
                read = extraction.extract_facets(
                    database,
                    session.session_id,
                    params,
                    settings=settings,
                    profile=profile,
                    claude=claude,
                )
            except ReadingFailed as error:
                _progress(str(error))
                totals["failed_count"] += 1
                continue
            totals[f"{read['state']}_count"] += 1
            totals["cost_usd"] += read["cost_usd"] or 0.0
            totals["session_ids"].append(session.session_id)
    return {**totals, "summary": extraction.describe_extraction(totals)}


def _report(options: argparse.Namespace) -> Answer:
    settings = load_settings()
    profile = load_profile(find_profile_path(settings), skill_roots=find_skill_roots())
    if options.out is not None:
        settings = settings.model_copy(update={"reports_dir": options.out})
    window = resolve_window(
        options.period, time_zone=profile.zone, run_at=datetime.now(UTC), since=options.since, until=options.until
    )
    params = {"reader": options.reader} if options.reader else {}
    with closing(connect(settings.database_url)) as database:
        snapshot = reporting.open_snapshot(database, options.period, window)
        for name in reporting.aggregate_names(options.period):
            reporting.refresh_figure(database, snapshot, name)
        written = reporting.write_narrative(
            database, snapshot, params, settings=settings, profile=profile, claude=_claude()
        )
        published = reporting.publish_report(database, snapshot, settings=settings, profile=profile)
    return {**snapshot, **written, **published, "summary": f"{published['path']}\n{published['coverage']}"}
