"""Transcripts → sessions, every 15 minutes. Only files that changed are read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pendulum
from airflow.sdk import dag, task

from session_insights import bridge
from session_insights.records import TranscriptFile
from session_insights.stages import sync
from session_insights.wording import plural


@dag(
    schedule="*/15 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=bridge.TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["session-insights"],
)
def insights_session_sync() -> None:
    @task(inlets=[bridge.TRANSCRIPTS], map_index_template=bridge.LABEL, show_return_value_in_logs=False)
    def find_transcripts() -> list[list[dict[str, Any]]]:
        """Files that changed since they were read, in chunks of about equal size. With none, this is the whole run."""
        with bridge.workplace() as place:
            bridge.measure(place)
            chunks, found = sync.find_chunks(place.database, place.sources, s3=bridge.find_s3)
            warnings = []
            if not chunks:  # else the last task looks, when they are read
                warnings = sync.finish_sync(place.database, place.sources, settings=place.settings, s3=bridge.find_s3)
        bridge.name_task(sync.describe_found(found, warnings))
        bridge.keep("found", found)
        bridge.keep("warnings", warnings)
        return [[asdict(file) for file in chunk] for chunk in chunks]

    @task(map_index_template=bridge.LABEL, max_active_tis_per_dagrun=2, show_return_value_in_logs=True)
    def sync_sessions(chunk: list[dict[str, Any]]) -> dict[str, Any]:
        """Read one chunk; what it gives replaces what these files gave before. Clear it to read its files again."""
        files = [TranscriptFile(**file) for file in chunk]
        bridge.name_task(f"{plural(len(files), 'file')}, {sum(file.size_bytes for file in files) / 1e6:,.1f} MB")
        with bridge.workplace() as place:
            sync.check_sources(place.sources, files)
            return sync.sync_files(
                place.database,
                files,
                profile=place.profile,
                settings=place.settings,
                s3=bridge.find_s3,
                processes=1,
                progress=print,
            )

    @task(trigger_rule="all_done_min_one_success", map_index_template=bridge.LABEL, outlets=[bridge.SESSIONS])
    def summarize_sync(found: dict[str, int], chunks: list[dict[str, Any]]) -> dict[str, Any]:
        """What the run read and wrote. Red when a chunk failed: what the others read is saved."""
        with bridge.workplace() as place:
            warnings = sync.finish_sync(place.database, place.sources, settings=place.settings, s3=bridge.find_s3)
        run = sync.add_up(found, chunks[:]) | {"warnings": warnings}
        bridge.name_task(sync.describe_sync(run))
        bridge.keep("run", run)
        bridge.count("sync.read_bytes", run["read_bytes"])
        if run["failed_chunk_count"]:
            bridge.fail(sync.describe_sync(run))
        bridge.announce(bridge.SESSIONS, row_count=run["session_count"], **run)
        return run

    found = find_transcripts()
    summarize_sync(found["found"], sync_sessions.expand(chunk=found))


insights_session_sync()
