"""Days → anomalies → alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from session_insights.aggregates.anomalies import HISTORY_DAYS, DayFigure, Judgement, judge_day, judge_sync, summarize
from session_insights.errors import DeliveryFailed, NotDelivered
from session_insights.notifications.message import Message
from session_insights.notifications.posting import Channel, post
from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.stages.notifying import Post, send_everywhere, send_waiting
from session_insights.store import anomalies as anomaly_store
from session_insights.store.database import Connection
from session_insights.windows import Window
from session_insights.wording import money, plural


def detect_anomalies(connection: Connection, *, profile: Profile, now: datetime) -> dict[str, Any]:
    """Judge the last complete local day; what is abnormal is kept, what is normal again is closed."""
    today = now.astimezone(profile.zone).date()
    window = Window(today - timedelta(days=HISTORY_DAYS), today)
    series: dict[str, list[DayFigure]] = defaultdict(list)
    for row in anomaly_store.load_series(connection, window):
        figure = DayFigure(row["activity_date"], row["session_count"], row["total"], row["squares"])
        series[row["metric"]].append(figure)
    days = anomaly_store.load_days_with_files(connection, window, profile.time_zone)
    running = anomaly_store.load_running(connection)
    judgements = [*judge_day(series, window.last_day, running), judge_sync(days, window.last_day)]
    return {
        "day": window.last_day.isoformat(),
        "abnormal": [judgement.metric for judgement in judgements if judgement.state == "abnormal"],
        "closed_count": sum(_keep(connection, judgement) for judgement in judgements),
        "judged": summarize(judgements),
    }


def _keep(connection: Connection, judgement: Judgement) -> int:
    """How many were closed."""
    if judgement.state == "normal":
        return anomaly_store.close_anomaly(connection, judgement.metric, judgement.day)
    if judgement.state == "abnormal":
        anomaly_store.open_anomaly(
            connection,
            metric=judgement.metric,
            day=judgement.day,
            value=judgement.value,
            baseline=judgement.baseline,
            session_count=judgement.session_count,
            baseline_count=judgement.baseline_count,
            explanation=judgement.explanation,
        )
    return 0


def send_alerts(
    connection: Connection,
    channels: Sequence[Channel],
    *,
    settings: Settings,
    run_id: str | None = None,
    send: Post = post,
) -> dict[str, Any]:
    """Tell what is new: anomalies, a large batch of `run_id`, and failures that no channel took when they happened.

    Raises:
        DeliveryFailed: A channel did not take one; the others were tried.
    """
    told = 0
    failures: list[DeliveryFailed] = []
    if not channels:
        return {"told_count": 0, "channels": []}
    for anomaly in anomaly_store.load_open(connection):
        key = f"anomaly:{anomaly['metric']}:{anomaly['window_start']}"
        message = Message(title="Out of the ordinary", lines=(f"{anomaly['explanation']}.",), tone="bad")
        try:
            send_everywhere(connection, channels, key, message, send=send)
        except DeliveryFailed as error:
            failures.append(error)
            # What may be there is not told again, nor to a webhook that is gone.
            if isinstance(error, NotDelivered) and error.may_try_again:
                continue
        anomaly_store.mark_told(connection, anomaly["id"])
        told += 1
    if run_id is not None:
        failures += _tell_batch(connection, channels, run_id, settings, send)
    try:
        send_waiting(connection, channels, ("failure", "batch", "cap"), send=send)
    except DeliveryFailed as error:
        failures.append(error)
    if failures:
        raise failures[0]
    return {"told_count": told, "channels": [channel.name for channel in channels]}


def _tell_batch(
    connection: Connection, channels: Sequence[Channel], run_id: str, settings: Settings, send: Post
) -> list[DeliveryFailed]:
    """One message for a run that read many sessions."""
    counts = anomaly_store.count_run(connection, run_id)
    if counts["read_count"] < settings.large_batch_sessions:
        return []
    cost = "at an unknown price" if counts["cost_usd"] is None else f"for {money(counts['cost_usd'])} at list price"
    failed = f"; {plural(counts['failed_count'], 'session')} failed" if counts["failed_count"] else ""
    message = Message(
        title="A large batch was read", lines=(f"{plural(counts['read_count'], 'session')} {cost}{failed}.", run_id)
    )
    try:
        send_everywhere(connection, channels, f"batch:{run_id}", message, send=send)
    except DeliveryFailed as error:
        return [error]
    return []
