"""Our numbers among Airflow's own, by StatsD or OpenTelemetry, wherever its section [metrics] sends them."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

from session_insights.bridge.workplace import Workplace

_PREFIX = "session_insights"
_ON = ("get_dogstatsd_logger", "get_statsd_logger", "get_otel_logger")


def measure(place: Workplace) -> None:
    """Send what an operator watches; costs nothing where Airflow's metrics are off."""
    if get_stats_factory().__name__ not in _ON:
        return
    from session_insights.stages.measuring import load_gauges  # not in every parse of a DAG file

    now = datetime.now(UTC)
    for name, value in load_gauges(place.database, settings=place.settings, profile=place.profile, now=now).items():
        stats.gauge(f"{_PREFIX}.{name}", value)


def count(name: str, number: int) -> None:
    """Add to a counter; nothing where Airflow's metrics are off."""
    if number:
        stats.incr(f"{_PREFIX}.{name}", number)
