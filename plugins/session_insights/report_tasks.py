"""The tasks of a report, for the DAG of each period: open → figures → narrative → page."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, task, task_group

from session_insights import bridge
from session_insights.settings import Settings
from session_insights.stages import reporting
from session_insights.windows import Period


def report_params(settings: Settings) -> dict[str, Param]:
    """What somebody who triggers a report may choose."""
    return {
        "since": Param(None, type=["null", "string"], format="date", title="From", description="First day"),
        "until": Param(None, type=["null", "string"], format="date", title="To", description="Last day, included"),
        "reader": Param(settings.reader, enum=["auto", "claude", "offline"], title="Who writes the text"),
    }


def add_report_tasks(period: Period) -> None:
    """Wire the tasks into the DAG that is being defined."""

    @task
    def open_snapshot() -> dict[str, Any]:
        """Settle which days the report is about."""
        with bridge.workplace() as place:
            return reporting.open_snapshot(place.database, period, bridge.find_window(period, place))

    @task_group
    def refresh_figures(snapshot: Any) -> None:
        for name in reporting.aggregate_names(period):

            @task(task_id=name)
            def refresh(name: str, snapshot: dict[str, Any]) -> dict[str, Any]:
                with bridge.workplace() as place:
                    return dict(reporting.refresh_figure(place.database, snapshot, name))

            refresh(name, snapshot)

    @task
    def write_narrative(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Say in words what the figures show."""
        with bridge.workplace() as place:
            return reporting.write_narrative(
                place.database,
                snapshot,
                place.params,
                settings=place.settings,
                profile=place.profile,
                claude=place.claude,
            )

    @task
    def publish_report(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Render the page and put it where reports are kept."""
        with bridge.workplace() as place:
            return reporting.publish_report(place.database, snapshot, settings=place.settings, profile=place.profile)

    snapshot: Any = open_snapshot()
    refresh_figures(snapshot) >> write_narrative(snapshot) >> publish_report(snapshot)
