"""What an operator watches, as numbers: how far behind reading is, what failed, what was spent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from session_insights.facets import judged, offline
from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.store import health as store
from session_insights.store.database import Connection
from session_insights.store.facets import read_with
from session_insights.store.spending import load_spending

LOOK_BACK = timedelta(days=90)  # the same as the health page's


def load_counts(connection: Connection, settings: Settings) -> dict[str, Any]:
    """Queue, archive, batches and outbox in numbers; what was given up is in no queue."""
    questions = [read_with("claude", judged.load_facet_prompt().version), read_with("offline", offline.VERSION)]
    return store.load_counts(connection, attempts=settings.facet_attempts, questions=questions)


def load_gauges(connection: Connection, *, settings: Settings, profile: Profile, now: datetime) -> dict[str, float]:
    """Gauge → value, by the names of docs/operations.md; what is unknown, or has no cap, is not there."""
    counts = load_counts(connection, settings)
    sources = store.load_sources(connection)
    failures = store.load_failures(connection, since=now - LOOK_BACK)
    spending = load_spending(connection, profile=profile, now=now)
    ended_at = store.load_newest_end(connection)
    gauges = {
        "sync.newest_session_age_seconds": None if ended_at is None else (now - ended_at).total_seconds(),
        "sync.failed_files": sum(row["failed_count"] for row in sources),
        "facets.queued_sessions": counts["unread_count"] + counts["changed_count"],
        "facets.given_up_sessions": counts["given_up_count"],
        "facets.failed_sessions": failures[0]["total_count"] if failures else 0,
        "spending.today_usd": spending.today_usd,
        "spending.month_usd": spending.month_usd,
        "spending.unpriced_calls": spending.unpriced_count,
        "spending.daily_cap_usd": settings.daily_cap_usd,
        "spending.monthly_cap_usd": settings.monthly_cap_usd,
        "messages.undelivered": counts["undelivered_count"],
    }
    return {name: float(value) for name, value in gauges.items() if value is not None}
