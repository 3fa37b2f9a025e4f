"""Mondays at 04:30 UTC: what has grown old goes, and tables stay fit.

Nothing of yours is deleted unless a setting of days says so: SESSION_INSIGHTS_ENTRY_DAYS, …_ARCHIVE_DAYS and, for
Airflow's history, …_AIRFLOW_DAYS. `dry_run` shows what would go. Kill or clear any task whenever you like.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import Param, dag, task

from session_insights import bridge
from session_insights.stages import logs, maintaining


@dag(
    schedule="30 4 * * 1",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=bridge.TASK_DEFAULTS | {"map_index_template": bridge.LABEL},
    doc_md=__doc__,
    tags=["session-insights"],
    params={"dry_run": Param(False, type="boolean", title="Dry run", description="Count; delete nothing")},
)
def insights_maintenance() -> None:
    @task
    def delete_entries() -> dict[str, Any]:
        """The text of entries older than SESSION_INSIGHTS_ENTRY_DAYS; figures, facets and what they cite stay."""
        with bridge.upkeep("entry_days", "every entry is") as place:
            return bridge.say(maintaining.delete_entries(place.database, settings=place.settings, **place.dry))

    @task
    def delete_archived() -> dict[str, Any]:
        """Archived files older than SESSION_INSIGHTS_ARCHIVE_DAYS that are gone from their source."""
        with bridge.upkeep("archive_days", "archived files are") as place:
            options: dict[str, Any] = {"settings": place.settings, "s3": bridge.find_s3, **place.dry}
            return bridge.say(maintaining.delete_archived(place.database, **options))

    @task
    def clear_bookkeeping() -> dict[str, Any]:
        """Rows that no figure needs after SESSION_INSIGHTS_BOOKKEEPING_DAYS."""
        with bridge.upkeep("bookkeeping_days", "bookkeeping is") as place:
            return bridge.say(maintaining.clear_bookkeeping(place.database, settings=place.settings, **place.dry))

    @task
    def delete_leftovers() -> dict[str, Any]:
        """Files that killed processes have left on this worker's disks."""
        with bridge.upkeep() as place:
            return bridge.say(maintaining.delete_leftovers(settings=place.settings, **place.dry))

    @task
    def delete_logs() -> dict[str, Any]:
        """Log files of our DAGs on this worker after SESSION_INSIGHTS_BOOKKEEPING_DAYS; others after …_AIRFLOW_DAYS."""
        with bridge.upkeep() as place:
            return bridge.say(logs.delete_logs(bridge.find_log_folder(), settings=place.settings, **place.dry))

    @task
    def vacuum_tables() -> dict[str, Any]:
        """Tables with many dead rows or old statistics, as far as this role may."""
        with bridge.upkeep() as place:
            return bridge.say(maintaining.vacuum_tables(place.database, **place.dry))

    @task
    def clean_airflow() -> dict[str, Any]:
        """Airflow's own history older than SESSION_INSIGHTS_AIRFLOW_DAYS."""
        with bridge.upkeep("airflow_days", "Airflow's history is") as place:
            url = bridge.find_airflow_url()
            return bridge.say(maintaining.clean_airflow(url, settings=place.settings, **place.dry))

    # A stage that is not asked for is skipped; tables are looked after all the same.
    [delete_entries(), clear_bookkeeping()] >> vacuum_tables.override(trigger_rule="none_failed")()
    for alone in (delete_archived, delete_leftovers, delete_logs, clean_airflow):
        alone()


insights_maintenance()
