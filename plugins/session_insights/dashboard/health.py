"""Whether everything works, and what to do where it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, desk, render_page
from session_insights.dashboard.sessions import session_href
from session_insights.settings import Settings
from session_insights.stages.measuring import load_counts
from session_insights.store import health as store
from session_insights.store.database import Connection
from session_insights.store.spending import Spending, load_spending
from session_insights.wording import duration, money, number, plural

router = APIRouter()
LATE = timedelta(hours=2)  # a sync runs every 15 minutes; nobody at work for two hours is usual
LOOK_BACK = timedelta(days=90)
_HOMES = re.compile(r"(?P<root>/(?:home|Users)/|\b[A-Za-z]:\\Users\\)[^/\\\s'\"]+")
_SLUGS = re.compile(r"-(?P<root>home|Users)-[^-/\s]+")


@dataclass(frozen=True)
class Check:
    """One thing that works or does not. `remedy` is "" where nothing is to be done."""

    label: str
    words: str
    remedy: str = ""


def mask_path(text: str) -> str:
    """A path, or an error with paths, without the name of the account."""
    return _SLUGS.sub(r"-\g<root>-…", _HOMES.sub("~", text))


def build_checks(
    counts: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    spending: Spending,
    settings: Settings,
    *,
    failure_count: int,
    anomaly_count: int,
    now: datetime,
) -> tuple[Check, ...]:
    """What somebody should know first."""
    return (
        _sync(sources, now),
        *_stopped(sources, settings, now),
        _queue(counts, settings),
        Check(
            "Failures",
            f"{plural(failure_count, 'session')} could not be read in the last {LOOK_BACK.days} days",
            "The reasons stand below; clear a session's task in Airflow to try again." if failure_count else "",
        ),
        _spend("Spent today", spending.today_usd, settings.daily_cap_usd, "DAILY"),
        _spend("Spent this month", spending.month_usd, settings.monthly_cap_usd, "MONTHLY", spending.unpriced_count),
        _archive(counts, settings),
        _batches(counts, now),
        Check(
            "Messages",
            f"{plural(counts['undelivered_count'], 'message')} to Slack or Discord failed, "
            f"{counts['uncertain_count']} may or may not have arrived",
            "Look into the channel and at its Connection, then clear the task that notifies."
            if counts["undelivered_count"] or counts["uncertain_count"]
            else "",
        ),
        Check(
            "Anomalies",
            f"{plural(anomaly_count, 'figure')} far from usual",
            "Look at the sessions named below; an anomaly ends by itself on a usual day." if anomaly_count else "",
        ),
    )


def _sync(sources: Sequence[Mapping[str, Any]], now: datetime) -> Check:
    read = [row["last_read_at"] for row in sources if row["last_read_at"]]
    if not read:
        return Check(
            "Sync",
            "No transcript was read yet",
            "Run insights_session_sync; if it finds nothing, set SESSION_INSIGHTS_SOURCES.",
        )
    lag = now - max(read)
    failed = sum(row["failed_count"] for row in sources)
    remedy = "See whether insights_session_sync runs, or whether nobody used Claude Code." if lag > LATE else ""
    if failed:
        remedy = "The files that failed stand below; each is tried again when it changes."
    words = f"The newest change of a transcript was read {_ago(lag)} ago; {plural(failed, 'file')} could not be read"
    return Check("Sync", words, remedy)


def _stopped(sources: Sequence[Mapping[str, Any]], settings: Settings, now: datetime) -> list[Check]:
    limit = timedelta(days=settings.stopped_days)
    return [
        Check(
            f"Source {row['machine']}",
            f"No new transcript for {_ago(now - row['newest_file_at'])}",
            "If that machine is in use, see whether its folder still arrives here.",
        )
        for row in sources
        if row["newest_file_at"] and now - row["newest_file_at"] > limit
    ]


def _queue(counts: Mapping[str, Any], settings: Settings) -> Check:
    waiting = counts["unread_count"] + counts["changed_count"]
    words = f"{plural(counts['unread_count'], 'session')} not read yet, "
    words += f"{number(counts['changed_count'])} to be read again because they changed"
    if counts["given_up_count"]:
        tries = plural(settings.facet_attempts, "try", "tries")
        words += f"; {number(counts['given_up_count'])} given up after {tries}"
    return Check(
        "Queue",
        words,
        "That is many: run insights_facet_backfill, which reads them at half the price." if waiting > 100 else "",
    )


def _spend(label: str, spent: float, cap: float | None, name: str, unpriced: int = 0) -> Check:
    words = f"{money(spent)} of at most {money(cap)}" if cap is not None else f"{money(spent)}; there is no cap"
    if unpriced:
        words += f", without {plural(unpriced, 'call')} of models that have no list price"
    is_full = cap is not None and spent >= cap
    return Check(
        label,
        words,
        f"No session is read until {'tomorrow' if name == 'DAILY' else 'next month'}; raise "
        f"SESSION_INSIGHTS_{name}_CAP_USD to go on."
        if is_full
        else "",
    )


def _archive(counts: Mapping[str, Any], settings: Settings) -> Check:
    if settings.archive is None:
        return Check(
            "Archive",
            "Off: transcripts are not kept",
            "Claude Code deletes transcripts after 30 days; set SESSION_INSIGHTS_ARCHIVE.",
        )
    return Check(
        "Archive",
        f"{plural(counts['archived_count'], 'transcript')} kept in {counts['stored_bytes'] / 1e6:,.1f} MB; "
        f"{counts['size_bytes'] / 1e6:,.1f} MB before compression",
    )


def _batches(counts: Mapping[str, Any], now: datetime) -> Check:
    if not counts["open_batch_count"]:
        return Check("Batches", "No batch of sessions is with Claude")
    age = now - counts["oldest_batch_at"]
    return Check(
        "Batches",
        f"{plural(counts['open_batch_count'], 'batch', 'batches')} of sessions with Claude, the oldest for {_ago(age)}",
        "Run insights_facet_backfill again: it collects what is answered." if age > timedelta(days=1) else "",
    )


def _ago(span: timedelta) -> str:
    return f"{number(span.days)} days" if span.days >= 2 else duration(max(0.0, span.total_seconds() / 60))


@router.get("/health", response_class=HTMLResponse)
def show_health(
    request: Request,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
) -> HTMLResponse:
    """Read from the ledger alone: no source is looked at."""
    now = datetime.now(UTC)
    sources, anomalies = store.load_sources(connection), store.load_anomalies(connection)
    failures = store.load_failures(connection, since=now - LOOK_BACK)
    checks = build_checks(
        load_counts(connection, place.settings),
        sources,
        load_spending(connection, profile=place.profile, now=now),
        place.settings,
        failure_count=failures[0]["total_count"] if failures else 0,
        anomaly_count=len(anomalies),
        now=now,
    )
    files = [
        row | {"path": mask_path(row["path"]), "error": mask_path(row["error"])}
        for row in store.load_failed_files(connection)
    ]
    values = {
        "checks": checks,
        "sources": sources,
        "files": files,
        "failures": [row | {"href": session_href(row["session_id"])} for row in failures],
        "anomalies": anomalies,
        "zone": place.profile.zone,
    }
    return render_page(request, place, "health.html", values)
