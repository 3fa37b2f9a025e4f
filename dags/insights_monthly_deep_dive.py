"""The 1st, 06:00: the last calendar month as a report, with trends, return, people by week and targets.

Trigger with `since` and `until` for other days; whole calendar months get what only a month has.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag

from session_insights import bridge
from session_insights.bridge import report_tasks
from session_insights.settings import load_settings

SETTINGS = load_settings()
ZONE = bridge.load_task_profile(SETTINGS).time_zone


@dag(
    schedule=CronDataIntervalTimetable("0 6 1 * *", timezone=ZONE),
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    default_args=bridge.TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["session-insights"],
    params=report_tasks.report_params(SETTINGS),
)
def insights_monthly_deep_dive() -> None:
    report_tasks.add_report_tasks("monthly", SETTINGS)


insights_monthly_deep_dive()
