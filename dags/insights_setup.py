"""Run once after an install or an update: applies migrations, then checks connections, profile and sources."""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import dag, task

from session_insights import bridge
from session_insights.stages import setup


@dag(
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"on_failure_callback": bridge.report_failure},
    doc_md=__doc__,
    tags=["session-insights"],
)
def insights_setup() -> None:
    @task(map_index_template=bridge.LABEL)
    def migrate() -> list[str]:
        """Names of the migrations applied now."""
        with bridge.workplace() as place:
            return setup.migrate(place.database, place.settings)

    @task(map_index_template=bridge.LABEL)
    def check_connections() -> dict[str, Any]:
        """What works and what is missing, with the remedy."""
        with bridge.workplace() as place:
            return setup.check_workplace(
                place.database,
                place.sources,
                settings=place.settings,
                profile=place.profile,
                claude=place.claude,
                s3=bridge.find_s3,
            )

    migrate() >> check_connections()


insights_setup()
