"""One session as soon as it ends: its transcript read, then its facets, without waiting for the clock.

Claude Code's SessionEnd hook triggers it (deploy/laptop), with the account `laptop`, which may do nothing else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Param, dag, task

from session_insights import bridge
from session_insights.settings import load_settings
from session_insights.stages import arrival, extraction

SETTINGS = load_settings()


@dag(
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=SETTINGS.facet_concurrency,
    default_args=bridge.TASK_DEFAULTS | {"execution_timeout": timedelta(minutes=20)},
    doc_md=__doc__,
    tags=["session-insights"],
    params={
        "transcript": Param(
            type="string",
            pattern=arrival.TRANSCRIPT,
            title="Transcript",
            description="project-folder/session-id.jsonl, below a source",
        ),
        "machine": Param(None, type=["null", "string"], title="Machine", description="Where it is from"),
    },
)
def insights_session_ended() -> None:
    @task(inlets=[bridge.TRANSCRIPTS], outlets=[bridge.SESSIONS], map_index_template=bridge.LABEL)
    def sync_session() -> str:
        """Read its files; they replace what was read of them before."""
        with bridge.workplace() as place:
            done = arrival.sync_session(
                place.database,
                place.sources,
                place.params["transcript"],
                machine=place.params["machine"],
                profile=place.profile,
                settings=place.settings,
                s3=bridge.find_s3,
            )
        return str(done["session_id"])

    @task(inlets=[bridge.SESSIONS], outlets=[bridge.FACETS], map_index_template=bridge.LABEL)
    def extract_facets(session_id: str) -> dict[str, Any]:
        """Read the session by the rules of insights_facet_extraction, but for the wait until it is quiet."""
        with bridge.workplace() as place:
            options: dict[str, Any] = {**place.reading, "run_id": place.run_id}
            due = extraction.select_sessions(place.database, {}, **options, ended_id=session_id)
            bridge.skip_if(None if due else "Read already, or none of those that are read.")
            bridge.name_task(due[0].title or session_id)
            return extraction.extract_facets(place.database, session_id, {}, **options)

    extract_facets(sync_session())


insights_session_ended()
