"""Many sessions at half price: handed over to Anthropic's Message Batches, waited for without a worker, collected.

Clear any task, or the run, at any moment: a session is in one batch at a time and no answer is paid for twice. Clearing
the run sends again what could not be read. What is read already is read again with `force` alone. To stop a batch,
mark its task `wait` as failed: the API cancels it; clear the task to collect what was answered before that.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import Param, TriggerRule, dag, task, task_group

from session_insights import bridge
from session_insights.bridge import alert_tasks
from session_insights.stages import backfill, collection


@dag(
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=bridge.TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["session-insights"],
    params={
        "session_id": Param(None, type=["null", "string", "array"], title="Sessions", description="Read only these"),
        **bridge.DAYS,
        "limit": Param(backfill.MOST_SESSIONS, type="integer", minimum=1, maximum=100_000, title="At most"),
        "force": Param(False, type="boolean", title="Again", description="Also what is read already"),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Count and price; send nothing"),
    },
)
def insights_facet_backfill() -> None:
    @task(show_return_value_in_logs=False)
    def select_sessions() -> list[list[str]]:
        """Sessions that are due, newest first, cut into batches."""
        with bridge.workplace() as place:
            return backfill.select_chunks(place.database, place.params, run_id=place.run_id, **place.reading)

    @task(max_active_tis_per_dagrun=1)
    def submit_batch(session_ids: list[str]) -> dict[str, Any]:
        """Send one batch; what waits in another one already is left out."""
        with bridge.workplace() as place:
            given = {"run_id": place.run_id, **place.reading}
            return backfill.submit_batch(place.database, session_ids, place.params, **given)

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def settle_batches() -> list[str]:
        """Every batch with answers to come, also those of a run that broke off."""
        with bridge.workplace() as place:
            return backfill.settle_batches(place.database, place.params, **place.reading)

    @task(map_index_template=bridge.LABEL, inlets=[bridge.SESSIONS], outlets=[bridge.FACETS])
    def collect_batch(name: str) -> dict[str, Any]:
        """Keep every answer; fails when sessions could not be read, and the others stay."""
        with bridge.workplace() as place:
            bridge.name_task(name)
            return collection.collect_batch(place.database, name, profile=place.profile, claude=place.claude)

    @task_group
    def finish_batch(name: str) -> None:
        bridge.WaitForBatch(task_id="wait", batch_id=name, map_index_template=bridge.LABEL) >> collect_batch(name)

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def summarize(chunks: Any, submitted: Any, names: Any) -> dict[str, Any]:
        """Counts, tokens and dollars; fails when anything is missing."""
        with bridge.workplace() as place:
            return collection.close_backfill(place.database, chunks, submitted, names, run_id=place.run_id)

    chunks = select_sessions()
    submitted = submit_batch.expand(session_ids=chunks)
    submitted >> (names := settle_batches())
    finish_batch.expand(name=names) >> (summarized := summarize(chunks, submitted, names))
    alert_tasks.add_alert_tasks(summarized)


insights_facet_backfill()
