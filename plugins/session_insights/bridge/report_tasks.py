"""The tasks of a report, for the DAG of each period: open → figures → narrative → page → bucket → channels."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, task, task_group

from session_insights import bridge
from session_insights.bridge import approval
from session_insights.reports.publishing import Format
from session_insights.settings import Reader, Settings
from session_insights.stages import approving, notifying, reporting
from session_insights.windows import Period


def report_params(settings: Settings) -> dict[str, Param]:
    """What somebody who triggers a report may choose."""
    return {
        **bridge.DAYS,
        "reader": Param(settings.reader, enum=list(get_args(Reader)), title="Who writes the text"),
        "formats": Param(
            list(get_args(Format)),
            type="array",
            items={"enum": list(get_args(Format))},
            examples=list(get_args(Format)),
            minItems=1,
            title="Formats",
        ),
        "upload": Param(True, type="boolean", title="Upload", description="If SESSION_INSIGHTS_REPORTS_UPLOAD is set"),
        "notify": Param(True, type="boolean", title="Post", description="Its summary, once, to Slack and Discord"),
        "revise": Param(False, type="boolean", title="Post a revision", description="If it was posted and has changed"),
    }


def add_report_tasks(period: Period, settings: Settings) -> None:
    """Wire the tasks into the DAG that is being defined."""
    asks = settings.approval_hours is not None

    @task(inlets=[bridge.SESSIONS, bridge.FACETS], map_index_template=bridge.LABEL)
    def open_snapshot() -> dict[str, Any]:
        """Settle which days the report is about."""
        with bridge.workplace() as place:
            bridge.skip_if(reporting.why_no_report(place.database))
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
            return reporting.write_narrative(place.database, snapshot, place.params, **place.reading)

    @task(inlets=[bridge.SESSIONS, bridge.FACETS], outlets=[bridge.REPORTS])
    def publish_report(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Render the pages and put them where reports are kept."""
        with bridge.workplace() as place:
            options: dict[str, Any] = {"settings": place.settings, "profile": place.profile}
            return reporting.publish_report(place.database, snapshot, place.params, **options)

    @task(show_return_value_in_logs=False, map_index_template=bridge.LABEL)
    def upload_report(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Put the pages into the object store; the links to them."""
        with bridge.workplace() as place:
            bridge.skip_if(reporting.why_no_upload(place.params, place.settings))
            options: dict[str, Any] = {"settings": place.settings, "profile": place.profile, "s3": bridge.find_s3}
            return reporting.upload_report(place.database, snapshot, place.params, **options)

    # Also after an upload that failed or was not asked for: what matters is that there is a report.
    @task(trigger_rule="none_failed" if asks else "all_done", map_index_template=bridge.LABEL)
    def notify(snapshot: dict[str, Any], published: dict[str, Any] | None) -> dict[str, str]:
        """Post the summary, once a report and channel."""
        with bridge.workplace() as place:
            bridge.skip_if(None if published else "There is no report.")
            channels = bridge.report_channels(place)
            options: dict[str, Any] = {"profile": place.profile, "revise": bool(place.params.get("revise"))}
            if asks:
                approved = approval.find_approved()
                approving.check_approved(place.database, snapshot, channels, approved=approved, **options)
            happened = notifying.notify_report(place.database, snapshot, channels, **options)
        said = ", ".join(f"{channel}: {what}" for channel, what in happened.items())
        bridge.name_task(said or "not posted: no channel, or not asked to")
        return happened

    snapshot: Any = open_snapshot()
    published, uploaded = publish_report(snapshot), upload_report(snapshot)
    refresh_figures(snapshot) >> write_narrative(snapshot) >> published >> uploaded
    notified = notify(snapshot, published)
    if asks:
        approve = approval.ApproveSummary(
            task_id=approval.APPROVE,
            snapshot=snapshot,
            published=published,
            response_timeout=timedelta(hours=settings.approval_hours or 0),
            trigger_rule="all_done",
            map_index_template=bridge.LABEL,
        )
        uploaded >> approve >> notified
    else:
        uploaded >> notified
    # No work: without it a run whose upload failed would end green.
    [uploaded, notified] >> EmptyOperator(task_id="delivered", trigger_rule="none_failed")
