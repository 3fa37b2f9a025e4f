"""What a task says of itself in Airflow's pages: its label, its events, its end."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import Asset, Param, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

# What Airflow's asset graph shows, in the order of a record's way: transcripts as Claude Code leaves them, rows of
# `claude_sessions`, rows of `session_facets`, published reports.
TRANSCRIPTS = Asset("insights_transcripts")
SESSIONS = Asset("insights_sessions")
FACETS = Asset("insights_facets")
REPORTS = Asset("insights_reports")
# Of a task: what it was about, shown beside its name in a run's list of tasks. `name_task` or an error fills it.
LABEL = "{{ label | default('') }}"
# A run's choice of days.
DAYS = {
    "since": Param(None, type=["null", "string"], format="date", title="From", description="First day"),
    "until": Param(None, type=["null", "string"], format="date", title="To", description="Last day, included"),
}
_LABEL_CHARACTERS = 250  # the column's width in Airflow's database
_log = logging.getLogger(__name__)


def name_task(label: str) -> None:
    """Show `label` beside this task in the UI; needs `map_index_template=LABEL`. Its further lines are warnings."""
    first, *warnings = label.splitlines()
    _log.info(first)
    for warning in warnings:
        _log.warning(warning)
    context: Any = get_current_context()
    context["label"] = label.replace("\n", "; ")[:_LABEL_CHARACTERS]


def explain_end(message: str) -> str:
    """Make an error the task's label, unless it has one, and one line of its log; returns it."""
    _log.error(message)  # Airflow's own line brings its stack along
    context: Any = get_current_context()
    context.setdefault("label", message[:_LABEL_CHARACTERS])
    return message


def keep(name: str, value: Any) -> None:
    """Give later tasks a value beside what this one returns."""
    get_current_context()["ti"].xcom_push(key=name, value=value)


def announce(asset: Asset, *, row_count: int, **extra: Any) -> None:
    """Say with the event of an outlet what was written.

    Raises:
        AirflowSkipException: Nothing was written, so there is no event.
    """
    if not row_count:
        raise AirflowSkipException("Nothing was written.")
    get_current_context()["outlet_events"][asset].extra = extra


def skip_if(reason: str | None) -> None:
    """Show the task as skipped, unless there is no reason to."""
    if reason is not None:
        raise AirflowSkipException(reason)


def fail(message: str) -> None:
    """End the task as failed, without a retry.

    Raises:
        AirflowFailException: Always.
    """
    raise AirflowFailException(message)
