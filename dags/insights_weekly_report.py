"""Sunday 06:00: the last seven days as a report. Trigger with `since` and `until` for other days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task, task_group

from session_insights import bridge
from session_insights.settings import load_settings
from session_insights.stages import notifying, reporting

SETTINGS = load_settings()
ZONE = bridge.load_task_profile(SETTINGS).time_zone


@dag(
    schedule=CronDataIntervalTimetable("0 6 * * 0", timezone=ZONE),
    start_date=pendulum.datetime(2026, 1, 4, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "on_failure_callback": bridge.report_failure},
    doc_md=__doc__,
    tags=["session-insights"],
    params={
        "since": Param(None, type=["null", "string"], format="date", title="From", description="First day"),
        "until": Param(None, type=["null", "string"], format="date", title="To", description="Last day, included"),
        "reader": Param(SETTINGS.reader, enum=["auto", "claude", "offline"], title="Who writes the text"),
        "upload": Param(True, type="boolean", title="Upload", description="If SESSION_INSIGHTS_REPORTS_UPLOAD is set"),
        "notify": Param(True, type="boolean", title="Post", description="Its summary, once, to Slack and Discord"),
        "revise": Param(False, type="boolean", title="Post a revision", description="If it was posted and has changed"),
    },
)
def insights_weekly_report() -> None:
    @task(inlets=[bridge.SESSIONS], map_index_template=bridge.LABEL)
    def open_snapshot() -> dict[str, Any]:
        """Settle which days the report is about."""
        with bridge.workplace() as place:
            return reporting.open_snapshot(place.database, "weekly", bridge.find_window("weekly", place))

    @task_group
    def refresh_figures(snapshot: Any) -> None:
        for name in reporting.aggregate_names():

            @task(task_id=name)
            def refresh(name: str, snapshot: dict[str, Any]) -> dict[str, Any]:
                with bridge.workplace() as place:
                    return reporting.refresh_figure(place.database, snapshot, name)

            refresh(name, snapshot)

    @task
    def write_narrative(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Say in words what the figures show."""
        with bridge.workplace() as place:
            options = {"settings": place.settings, "profile": place.profile, "claude": place.claude}
            return reporting.write_narrative(place.database, snapshot, place.params, **options)

    @task(outlets=[bridge.REPORTS])
    def publish_report(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Render the page and put it where reports are kept."""
        with bridge.workplace() as place:
            return reporting.publish_report(place.database, snapshot, settings=place.settings, profile=place.profile)

    @task(show_return_value_in_logs=False)
    def upload_report(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Put the page into the object store; the link to it."""
        with bridge.workplace() as place:
            bridge.skip_if(reporting.why_no_upload(place.params, place.settings))
            options = {"settings": place.settings, "profile": place.profile, "s3": bridge.find_s3}
            return reporting.upload_report(place.database, snapshot, **options)

    # Also after an upload that failed or was not asked for: what matters is that there is a report.
    @task(trigger_rule="all_done_min_one_success")
    def notify(snapshot: dict[str, Any]) -> dict[str, str]:
        """Post the summary, once a report and channel."""
        with bridge.workplace() as place:
            channels, revise = bridge.report_channels(place), bool(place.params.get("revise"))
            return notifying.notify_report(place.database, snapshot, channels, profile=place.profile, revise=revise)

    snapshot = open_snapshot()
    published, uploaded = publish_report(snapshot), upload_report(snapshot)
    refresh_figures(snapshot) >> write_narrative(snapshot) >> published >> uploaded
    [published, uploaded] >> notify(snapshot)


insights_weekly_report()
