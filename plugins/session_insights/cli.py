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
from typing import Any, get_args
from uuid import uuid4

import psycopg

from session_insights.errors import BudgetReached, InsightsError, ReadingFailed, SettingsError
from session_insights.evaluation.describing import describe_result
from session_insights.facets.correcting import split_assignments
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.posting import Channel, ChannelName, check_channel
from session_insights.profile import Profile, load_profile
from session_insights.reports.publishing import Format
from session_insights.settings import (
    Reader,
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
    options = _parser().parse_args(arguments)
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
    sync.add_argument("--source", action="append", help="a projects root or s3://bucket/prefix; again for more")
    sync.add_argument("--machine", help="where the sources are from; default: this machine's name")
    sync.add_argument("--from-archive", action="store_true", help="read every archived file again instead")
    extract = command("extract", _extract, "read sessions and keep what they were about")
    extract.add_argument("--session-id", action="append", help="only this session; again for more")
    extract.add_argument("--since", help="first day, as 2026-11-15")
    extract.add_argument("--until", help="last day, included")
    extract.add_argument("--limit", type=_positive, help="sessions at most; default 20, of batch 10,000")
    extract.add_argument("--force", action="store_true", help="also what is read already")
    extract.add_argument("--dry-run", action="store_true", help="say what would be sent, send nothing")
    extract.add_argument("--reader", choices=get_args(Reader), help="batch: half price, answered within a day")
    purge = command("purge", _purge, "delete sessions everywhere, or take a person's name out")
    purge.add_argument("--session-id", action="append", default=[], help="a session and its sub-agents; again for more")
    purge.add_argument("--with-forks", action="store_true", help="also sessions that hold copied history of them")
    purge.add_argument("--person", metavar="NAME", help="replace the name by [person] in entries, titles and facets")
    purge.add_argument("--dry-run", action="store_true", help="say what would go, delete nothing")
    correct = command("correct", _correct, "say what a reader got wrong, for good; without a value: what was said")
    correct.add_argument("session_id", metavar="SESSION_ID")
    correct.add_argument(
        "--set",
        dest="values",
        nargs="+",
        action="extend",
        default=[],
        metavar="FACET=VALUE",
        help="as outcome=not_achieved, skills_missed=a,b",
    )
    correct.add_argument("--undo", action="append", default=[], metavar="FACET", help="the reader's value again")
    correct.add_argument("--by", help="who says so; default: the profile's owner")
    correct.add_argument("--note", help="why")
    evaluation = command("eval", _eval, "how well a reader reads, against labels")
    evaluation.add_argument("--labels", action="append", metavar="FOLDER", help="again for more; default: corrections")
    evaluation.add_argument("--reader", choices=["auto", "claude", "cli", "offline"])
    evaluation.add_argument("--history", type=Path, help="file of results: compare with the last, add this one")
    evaluation.add_argument("--margin", type=float, default=0.05, help="a figure may fall by so much; default 0.05")
    evaluation.add_argument("--accept", action="store_true", help="add a result that fell further, too")
    report = command("report", _report, "figures, text and page of a period")
    report.add_argument("--period", choices=["weekly", "monthly"], default="weekly")
    report.add_argument("--since", help="first day, as 2026-11-15")
    report.add_argument("--until", help="last day, included")
    report.add_argument("--out", type=Path, help="folder for the pages")
    report.add_argument("--format", action="append", choices=get_args(Format), help="again for more; default: both")
    report.add_argument("--upload", action="store_true", help="also put them into the bucket of the settings")
    report.add_argument("--reader", choices=["auto", "claude", "cli", "offline"], help="who writes the text")
    report.add_argument("--notify", action="store_true", help="post its summary, once a report and channel")
    report.add_argument("--revise", action="store_true", help="post it again if it was posted and has changed")
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
