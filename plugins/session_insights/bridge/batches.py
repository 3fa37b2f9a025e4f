"""Waiting for a Message Batch without a worker."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException

from session_insights.bridge.connections import CLAUDE_CONNECTION
from session_insights.settings import load_settings

# The API ends a batch after a day; an hour more for its own delay.
LONGEST_WAIT = timedelta(hours=25)


class WaitForBatch(BaseOperator):  # type: ignore[misc]
    """Wait for a Message Batch in the triggerer: no worker is held.

    The provider's sensor does the same, but importing it with a DAG file costs every task more than a second. Clearing
    or failing this task while it waits cancels the batch at the API (the provider's trigger does).
    """

    template_fields = ("batch_id",)

    def __init__(self, *, batch_id: str, **options: Any) -> None:
        super().__init__(**options)
        self.batch_id = batch_id

    def execute(self, context: Any) -> None:
        from airflow.providers.anthropic.triggers.batch import AnthropicBatchTrigger

        context["label"] = self.batch_id
        trigger = AnthropicBatchTrigger(
            conn_id=CLAUDE_CONNECTION,
            batch_id=self.batch_id,
            poll_interval=float(load_settings().batch_poll_seconds),
            end_time=time.time() + LONGEST_WAIT.total_seconds(),
        )
        self.defer(trigger=trigger, method_name="go_on")

    def go_on(self, context: Any, event: dict[str, Any] | None = None) -> None:
        """What became of its requests is looked at when they are collected."""
        context["label"] = self.batch_id
        if event is None or event["status"] != "success":
            raise AirflowException(f"batch {self.batch_id}: {(event or {}).get('message', 'no answer')}")
        self.log.info("batch %s has ended: %s", self.batch_id, event.get("request_counts"))
