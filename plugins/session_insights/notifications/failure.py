"""A task that has failed for good, as a message."""

from __future__ import annotations

from dataclasses import dataclass

from session_insights.notifications.message import Field, Message


@dataclass(frozen=True)
class FailedTask:
    dag_id: str
    run_id: str
    task_id: str
    map_index: int  # -1 where the task is not mapped
    try_number: int
    label: str | None  # the mapped task's name
    error: str  # without secrets
    log_url: str | None


def build_failure_message(failed: FailedTask) -> Message:
    """Which task, and its error's first line."""
    lines = [line for line in failed.error.splitlines() if line.strip()]
    # An error that we know is the task's label as well.
    label = failed.label if failed.label and not failed.error.startswith(failed.label) else None
    named = f" “{label}”" if label else f" [{failed.map_index}]" if failed.map_index >= 0 else ""
    return Message(
        title=f"Task failed: {failed.dag_id}",
        lines=(f"{failed.task_id}{named}, try {failed.try_number}", lines[0] if lines else "No error was given."),
        fields=(Field("Run", (failed.run_id,)),),
        link=failed.log_url,
        link_text="Open the log",
        tone="bad",
    )


def failure_key(failed: FailedTask) -> str:
    """One message a try: to clear a task that then fails again is news."""
    return f"failure:{failed.dag_id}:{failed.run_id}:{failed.task_id}:{failed.map_index}:{failed.try_number}"
