"""Sessions → facets, every 30 minutes: one mapped task a session, named after its title.

Clear a mapped task to read that session again; clear the run to read its sessions again. Trigger with parameters to
choose sessions yourself. What a run came to, and what it cost, is in the log of its last task.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pendulum
from airflow.sdk import Param, dag, task, teardown

from session_insights import bridge
from session_insights.bridge import alert_tasks
from session_insights.settings import Reader, load_settings
from session_insights.stages import extraction

SETTINGS = load_settings()


@dag(
    schedule="15,45 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=bridge.TASK_DEFAULTS | {"execution_timeout": timedelta(minutes=20)},
    doc_md=__doc__,
    tags=["session-insights"],
    params={
        "session_id": Param(None, type=["null", "string"], title="Session", description="Read only this one"),
        **bridge.DAYS,
        "limit": Param(
            SETTINGS.facet_limit, type="integer", minimum=1, maximum=200, title="At most", description="Sessions a run"
        ),
        "force": Param(False, type="boolean", title="Again", description="Also what is read already"),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Say what would be sent, send nothing"),
        "reader": Param(SETTINGS.reader, enum=list(get_args(Reader)), title="Reader"),
    },
)
def insights_facet_extraction() -> None:
    # A session is due once it has been quiet, so the clock starts this DAG; the asset only shows where it reads.
    @task(inlets=[bridge.SESSIONS], map_index_template=bridge.LABEL)
    def select_sessions() -> list[str]:
        """Sessions that are due, newest first."""
        with bridge.workplace() as place:
            due = extraction.select_sessions(place.database, place.params, **place.reading, run_id=place.run_id)
        return [session.session_id for session in due]

    facets = {"inlets": [bridge.SESSIONS], "outlets": [bridge.FACETS]}

    @task(map_index_template="{{ label }}", max_active_tis_per_dag=SETTINGS.facet_concurrency, **facets)
    def extract_facets(session_id: str) -> dict[str, Any]:
        """Read one session, always: clearing this task reads it again."""
        with bridge.workplace() as place:
            bridge.name_task(extraction.name_session(place.database, session_id))
            return extraction.extract_facets(
                place.database, session_id, place.params, **place.reading, run_id=place.run_id
            )

    # A teardown runs whatever became of the sessions, and the run is still as red as they are.
    @teardown
    @task(map_index_template=bridge.LABEL)
    def summarize(session_ids: list[str]) -> dict[str, Any]:
        """What became of the sessions and what it cost."""
        with bridge.workplace() as place:
            options = {"settings": place.settings, "run_id": place.run_id}
            done = extraction.summarize_run(place.database, session_ids or [], **options)
        bridge.name_task(done["summary"])
        return done

    selected = select_sessions()
    extract_facets.expand(session_id=selected) >> (summarized := summarize(selected))
    alert_tasks.add_alert_tasks(summarized)


insights_facet_extraction()
