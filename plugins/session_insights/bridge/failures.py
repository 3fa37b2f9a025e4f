"""Telling a channel that a task has failed for good."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from session_insights.bridge.connections import find_channels, find_database_url
from session_insights.errors import BudgetReached
from session_insights.notifications.failure import FailedTask
from session_insights.settings import load_settings
from session_insights.store.database import connect
from session_insights.transcripts.redaction import mask_secrets

_log = logging.getLogger(__name__)


def report_failure(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every task: tell that it failed for good. Never raises: the task has failed already."""
    try:
        # Here and not above: every parse of a DAG file would pay for it.
        from session_insights.stages.notifying import tell_failure

        settings = load_settings()
        channels = [replace(channel, timeout_seconds=10) for channel in find_channels(settings)]
        if channels:
            tell_failure(lambda: connect(find_database_url(settings)), channels, _failed_task(context))
    except Exception as error:
        _log.warning("The failure was not told to a channel: %s", mask_secrets(f"{type(error).__name__}: {error}"))


def report_cap(reached: BudgetReached, today: date) -> None:
    """Tell once a day that a cap keeps sessions from being read. Never raises: the task is skipped already."""
    try:
        from session_insights.stages.notifying import tell_cap

        settings = load_settings()
        channels = [replace(channel, timeout_seconds=10) for channel in find_channels(settings)]
        if channels:
            with connect(find_database_url(settings)) as database:
                tell_cap(database, channels, str(reached), today)
    except Exception as error:
        _log.warning("The cap was not told to a channel: %s", mask_secrets(f"{type(error).__name__}: {error}"))


def _failed_task(context: Mapping[str, Any]) -> FailedTask:
    # Here and not above: every parse of a DAG file would pay for it.
    from session_insights.bucket import ObjectStoreError
    from session_insights.llm.asking import ClaudeUnavailable

    task, error = context["task_instance"], context.get("exception")
    services = {ClaudeUnavailable: "Claude", ObjectStoreError: "The object store"}
    silent = next((name for kind, name in services.items() if isinstance(error, kind)), None)
    return FailedTask(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=-1 if task.map_index is None else task.map_index,
        try_number=task.try_number,
        label=context.get("label"),
        error=str(error or context.get("reason") or ""),
        log_url=getattr(task, "log_url", None),
        outage=(silent, datetime.now(UTC).date()) if silent else None,
    )


# `default_args` of every DAG.
TASK_DEFAULTS: dict[str, Any] = {
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "on_failure_callback": report_failure,
}
