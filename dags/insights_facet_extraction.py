"""Sessions → facets, every 30 minutes: one mapped task a session, named after its title.

Clear a mapped task to read that session again; clear the run to read its sessions again. Trigger with parameters to
choose sessions yourself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pendulum
from airflow.sdk import Param, dag, task

from session_insights import bridge
from session_insights.settings import load_settings
from session_insights.stages import alerts, extraction

SETTINGS = load_settings()


@dag(
    schedule="15,45 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "on_failure_callback": bridge.report_failure},
    doc_md=__doc__,
    tags=["session-insights"],
    params={
        "session_id": Param(None, type=["null", "string"], title="Session", description="Read only this one"),
        "since": Param(None, type=["null", "string"], format="date", title="From", description="First day"),
        "until": Param(None, type=["null", "string"], format="date", title="To", description="Last day, included"),
        "limit": Param(
            SETTINGS.facet_limit, type="integer", minimum=1, maximum=200, title="At most", description="Sessions a run"
        ),
        "force": Param(False, type="boolean", title="Again", description="Also what is read already"),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Say what would be sent, send nothing"),
        "reader": Param(SETTINGS.reader, enum=["auto", "claude", "offline"], title="Reader"),
    },
)
def insights_facet_extraction() -> None:
    @task
    def select_sessions() -> list[str]:
        """Sessions that are due, newest first."""
        with bridge.workplace() as place:
            given = {"settings": place.settings, "profile": place.profile, "claude": place.claude}
            due = extraction.select_sessions(place.database, place.params, **given, run_id=place.run_id)
        return [session.session_id for session in due]

    @task(map_index_template="{{ label }}", max_active_tis_per_dagrun=4)
    def extract_facets(session_id: str) -> dict[str, Any]:
        """Read one session, always: clearing this task reads it again."""
        with bridge.workplace() as place:
            bridge.name_task(extraction.name_session(place.database, session_id))
            given = {"settings": place.settings, "profile": place.profile, "claude": place.claude}
            return extraction.extract_facets(place.database, session_id, place.params, **given, run_id=place.run_id)

    @task
    def detect_anomalies() -> dict[str, Any]:
        """Is the last complete day far from those before it?"""
        with bridge.workplace() as place:
            return alerts.detect_anomalies(place.database, profile=place.profile, now=datetime.now(UTC))

    @task
    def send_alerts() -> dict[str, Any]:
        """Tell what is new: anomalies, a large batch, failures that could not be told."""
        with bridge.workplace() as place:
            channels = bridge.find_channels(place.settings)
            return alerts.send_alerts(place.database, channels, settings=place.settings, run_id=place.run_id)

    # As teardowns they run after sessions that failed too, and the run stays as failed or green as its sessions.
    detected, sent = detect_anomalies().as_teardown(), send_alerts().as_teardown()
    extract_facets.expand(session_id=select_sessions()) >> detected >> sent


insights_facet_extraction()
