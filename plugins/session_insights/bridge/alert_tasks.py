"""The last tasks of a DAG that reads sessions: anomalies, then alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import teardown

from session_insights import bridge
from session_insights.stages import alerts


def add_alert_tasks(before: Any) -> None:
    """Wire them after `before`.

    As teardowns they run whatever became of the sessions, and the run is still as red as they are.
    """

    @teardown
    def detect_anomalies() -> dict[str, Any]:
        """Is the last complete day far from those before it?"""
        with bridge.workplace() as place:
            bridge.measure(place)
            return alerts.detect_anomalies(place.database, profile=place.profile, now=datetime.now(UTC))

    @teardown
    def send_alerts() -> dict[str, Any]:
        """Tell what is new: anomalies, a large batch, failures that could not be told."""
        with bridge.workplace() as place:
            channels = bridge.find_channels(place.settings)
            return alerts.send_alerts(place.database, channels, settings=place.settings, run_id=place.run_id)

    before >> detect_anomalies() >> send_alerts()
