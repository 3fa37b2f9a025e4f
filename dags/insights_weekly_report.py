"""Sunday 06:00: the last seven days as a report. Trigger with `since` and `until` for other days."""

from __future__ import annotations

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag

from session_insights import bridge
from session_insights.bridge import report_tasks
from session_insights.settings import load_settings

SETTINGS = load_settings()
ZONE = bridge.load_task_profile(SETTINGS).time_zone


@dag(
    schedule=CronDataIntervalTimetable("0 6 * * 0", timezone=ZONE),
    start_date=pendulum.datetime(2026, 1, 4, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    default_args=bridge.TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["session-insights"],
    params=report_tasks.report_params(SETTINGS),
)
def insights_weekly_report() -> None:
    report_tasks.add_report_tasks("weekly", SETTINGS)


insights_weekly_report()
