"""Somebody approves a report's summary before it is posted: Airflow's own human in the loop."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import get_current_context

from session_insights.bridge.tasks import keep, name_task, skip_if
from session_insights.bridge.workplace import report_channels, workplace
from session_insights.stages import approving
from session_insights.wording import plural

APPROVE = "approve"  # the task
_SHOWN, _APPROVED = "shown", "approved"


class ApproveSummary(ApprovalOperator):  # type: ignore[misc]
    """Show the summary as it will be posted, and wait; rejected, or not answered in time, it is not posted.

    It waits in Airflow's database: no worker and no trigger is held, and every process may be restarted meanwhile.
    Skipped where there is nothing to post. Clear it to be asked again.
    """

    # Not subject and body, as the provider has it: they have words of transcripts, which are no templates.
    template_fields = ("snapshot", "published")

    def __init__(self, *, snapshot: Any, published: Any, **options: Any) -> None:
        super().__init__(subject="Post the summary?", defaults=self.REJECT, **options)
        self.snapshot = snapshot
        self.published = published

    def execute(self, context: Any) -> None:
        skip_if(None if self.published else "There is no report.")
        reports = f"{conf.get('api', 'base_url').rstrip('/')}/insights/reports"
        with workplace() as place:
            question = approving.build_question(
                place.database,
                self.snapshot,
                report_channels(place),
                profile=place.profile,
                revise=bool(place.params.get("revise")),
                report_page=f"{reports}/{self.snapshot['snapshot_id']}",
            )
        if question is None:
            skip_if("Nothing is to be posted: no channel, or each has it.")
            return
        self.subject, self.body = question.subject, question.body
        keep(_SHOWN, question.digest)
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Say who answered what; a text that was approved is remembered for `notify`."""
        who = (event.get("responded_by_user") or {}).get("name")
        # First, because a no ends the task within the provider's own method.
        if event.get("chosen_options") == [self.APPROVE]:
            task = context["ti"]
            keep(_APPROVED, task.xcom_pull(task_ids=task.task_id, key=_SHOWN))
            name_task(f"approved by {who}")
        elif who is None:
            hours = self.response_timeout.total_seconds() / 3600
            name_task(f"not answered in {plural(hours, 'hour')}: not posted")
        else:
            name_task(f"rejected by {who}: not posted")
        return super().execute_complete(context, event)


def find_approved() -> str | None:
    """Digest of what was approved in this run."""
    found: str | None = get_current_context()["ti"].xcom_pull(task_ids=APPROVE, key=_APPROVED)
    return found
