"""A task that has failed for good, as a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
    outage: tuple[str, date] | None = None  # who did not answer, such as Claude, and on which day


def build_failure_message(failed: FailedTask) -> Message:
    """Which task, and its error's first line."""
    lines = [line for line in failed.error.splitlines() if line.strip()]
    # An error that we know is the task's label as well.
    label = failed.label if failed.label and not failed.error.startswith(failed.label) else None
    if failed.outage:
        return Message(
            title=f"{failed.outage[0]} does not answer",
            lines=(
                lines[0] if lines else "No error was given.",
                "What waits for it is tried again with every run. This is said once a day, whatever else fails by it.",
            ),
            link=failed.log_url,
            link_text="Open the log",
            tone="bad",
        )
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
    """One message a try: to clear a task that then fails again is news. Of an outage one a day, for all tasks."""
    if failed.outage:
        return f"failure:outage:{failed.outage[0]}:{failed.outage[1]}"
    return f"failure:{failed.dag_id}:{failed.run_id}:{failed.task_id}:{failed.map_index}:{failed.try_number}"
