"""The one room that knows Airflow: Connections and params become plain objects, our errors become task states."""

from session_insights.bridge.batches import LONGEST_WAIT, WaitForBatch
from session_insights.bridge.connections import (
    CLAUDE_CONNECTION,
    find_airflow_url,
    find_channels,
    find_claude,
    find_database_url,
    find_log_folder,
    find_s3,
)
from session_insights.bridge.failures import TASK_DEFAULTS, report_failure
from session_insights.bridge.metrics import count, measure
from session_insights.bridge.tasks import (
    DAYS,
    FACETS,
    LABEL,
    REPORTS,
    SESSIONS,
    TRANSCRIPTS,
    announce,
    fail,
    keep,
    name_task,
    skip_if,
)
from session_insights.bridge.upkeep import say, upkeep
from session_insights.bridge.workplace import Workplace, find_window, load_task_profile, report_channels, workplace

__all__ = [
    "CLAUDE_CONNECTION",
    "DAYS",
    "FACETS",
    "LABEL",
    "LONGEST_WAIT",
    "REPORTS",
    "SESSIONS",
    "TASK_DEFAULTS",
    "TRANSCRIPTS",
    "WaitForBatch",
    "Workplace",
    "announce",
    "count",
    "fail",
    "find_airflow_url",
    "find_channels",
    "find_claude",
    "find_database_url",
    "find_log_folder",
    "find_s3",
    "find_window",
    "keep",
    "load_task_profile",
    "measure",
    "name_task",
    "report_channels",
    "report_failure",
    "say",
    "skip_if",
    "upkeep",
    "workplace",
]
