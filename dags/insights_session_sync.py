"""Transcripts → sessions, every 15 minutes. Only files that changed are read."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import dag, task

from session_insights import bridge
from session_insights.records import TranscriptFile
from session_insights.stages import sync


@dag(
    schedule="*/15 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "on_failure_callback": bridge.report_failure},
    doc_md=__doc__,
    tags=["session-insights"],
)
def insights_session_sync() -> None:
    @task
    def find_transcripts() -> list[list[dict[str, Any]]]:
        """Files that changed since they were read, in chunks of about equal size."""
        with bridge.workplace() as place:
            chunks, counts = sync.find_chunks(place.database, place.sources)
        print(sync.describe_found(counts))  # noqa: T201
        return [[asdict(file) for file in chunk] for chunk in chunks]

    @task(map_index_template="{{ label }}", max_active_tis_per_dagrun=2, show_return_value_in_logs=True)
    def sync_sessions(chunk: list[dict[str, Any]]) -> dict[str, Any]:
        """Read one chunk; what it gives replaces what these files gave before."""
        bridge.name_task(f"{len(chunk)} files")
        files = [TranscriptFile(**file) for file in chunk]
        with bridge.workplace() as place:
            return sync.sync_files(
                place.database, files, profile=place.profile, settings=place.settings, processes=1, progress=print
            )

    sync_sessions.expand(chunk=find_transcripts())


insights_session_sync()
