"""Messages → channels, each once: into the outbox, claimed, posted, settled."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from session_insights.errors import MaybeDelivered, NotDelivered
from session_insights.narratives.sections import Narrative
from session_insights.notifications.message import Field, Message
from session_insights.notifications.posting import RENDERERS, Channel, post
from session_insights.notifications.summary import build_summary
from session_insights.profile import Profile
from session_insights.stages.reporting import days_of
from session_insights.store import figures as figure_store
from session_insights.store import notifications as outbox
from session_insights.store.database import Connection
from session_insights.transcripts.redaction import mask_secrets

Post = Callable[[Channel, dict[str, Any]], str | None]
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailedTask:
    """A task that has failed for good."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int  # -1 where the task is not mapped
    try_number: int
    label: str | None  # the mapped task's name
    error: str
    log_url: str | None


def notify_report(
    connection: Connection,
    snapshot: Mapping[str, Any],
    channels: Sequence[Channel],
    *,
    profile: Profile,
    revise: bool = False,
    send: Post = post,
) -> dict[str, str]:
    """Post a report's summary, once a report and channel.

    Args:
        revise: Post it again, marked as a revision, where it was posted before and says something else now.

    Returns:
        Channel → what happened: sent, already sent, revision sent. Empty without channels.

    Raises:
        NotDelivered: A channel did not take it; the others have it.
        MaybeDelivered: Nobody knows whether a channel has it.
    """
    if not channels:
        LOG.info("No Slack or Discord connection: nothing was posted.")
        return {}
    snapshot_id, window = snapshot["snapshot_id"], days_of(snapshot)
    message = build_summary(
        figure_store.load_figures(connection, snapshot_id),
        profile,
        window,
        headline=Narrative.model_validate(figure_store.load_narrative(connection, snapshot_id)).headline,
        report_url=figure_store.load_report_url(connection, snapshot_id),
    )
    key = f"report:{snapshot['period_type']}:{window.start}:{window.last_day}"
    return send_everywhere(connection, channels, key, message, revise=revise, send=send)


def send_everywhere(
    connection: Connection,
    channels: Sequence[Channel],
    key: str,
    message: Message,
    *,
    revise: bool = False,
    send: Post = post,
) -> dict[str, str]:
    """Post a message to each channel once; a channel that fails does not keep it from the others.

    Raises:
        NotDelivered, MaybeDelivered: The first failure, after every channel had its turn.
    """
    happened, failures = {}, []
    for channel in channels:
        try:
            happened[channel.name] = _send_once(connection, channel, key, message, revise=revise, send=send)
        except (NotDelivered, MaybeDelivered) as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return happened


def send_waiting(
    connection: Connection, channels: Sequence[Channel], kinds: Sequence[str], *, send: Post = post
) -> dict[str, int]:
    """Post what could not be posted when it was made, for kinds such as `failure`; channel → messages."""
    counts = {}
    for channel in channels:
        counts[channel.name] = 0
        for message_id in outbox.find_waiting(connection, channel.name, kinds):
            counts[channel.name] += _post_claimed(connection, channel, message_id, send) == "sent"
    return counts


def build_failure_message(failed: FailedTask) -> Message:
    """Which task, and its error's first line, without secrets."""
    lines = [line for line in mask_secrets(failed.error).splitlines() if line.strip()]
    named = f" “{failed.label}”" if failed.label else f" [{failed.map_index}]" if failed.map_index >= 0 else ""
    return Message(
        title=f"Task failed: {failed.dag_id}",
        lines=(
            f"{failed.task_id}{mask_secrets(named)}, try {failed.try_number}",
            lines[0] if lines else "No error was given.",
        ),
        fields=(Field("Run", (failed.run_id,)),),
        link=failed.log_url,
        link_text="Open the log",
        tone="bad",
    )


def failure_key(failed: FailedTask) -> str:
    """One message a try: clearing the task and failing again is news."""
    return f"failure:{failed.dag_id}:{failed.run_id}:{failed.task_id}:{failed.map_index}:{failed.try_number}"


def _send_once(
    connection: Connection, channel: Channel, key: str, message: Message, *, revise: bool, send: Post
) -> str:
    payload = RENDERERS[channel.name](message)
    queued = outbox.put(connection, channel=channel.name, dedupe_key=key, title=message.title, payload=payload)
    if queued.state in ("waiting", "failed"):
        return _post_claimed(connection, channel, queued.message_id, send)
    if revise:
        revised = RENDERERS[channel.name](replace(message, title=f"Revised: {message.title}"))
        if outbox.load_posted(connection, channel.name, key)[-1:] in ([payload], [revised]):
            return "already sent"
        digest = hashlib.sha256(json.dumps(revised, sort_keys=True).encode()).hexdigest()[:16]
        revision = outbox.put(
            connection,
            channel=channel.name,
            dedupe_key=f"{key}:revision:{digest}",
            title=f"Revised: {message.title}",
            payload=revised,
        )
        return f"revision {_post_claimed(connection, channel, revision.message_id, send)}"
    return _post_claimed(connection, channel, queued.message_id, send)


def _post_claimed(connection: Connection, channel: Channel, message_id: int, send: Post) -> str:
    """At most once: whoever claims a message posts it, and one that was claimed is never posted by itself again.

    Source: docs/decisions/0013-outbox-and-anomalies.md
    """
    payload = outbox.claim(connection, message_id)
    if payload is None:
        row = outbox.load_state(connection, message_id)
        if row["state"] == "sent":
            return "already sent"
        raise MaybeDelivered(
            f"{channel.name}: a try that never ended was posting {row['dedupe_key']} at {row['claimed_at']:%H:%M} UTC. "
            "Look whether it is there. It is not posted again by itself; delete its row of insights.notifications first."
        )
    try:
        receipt = send(channel, payload)
    except NotDelivered as error:
        state: outbox.State = "waiting" if error.may_try_again else "failed"
        outbox.settle(connection, message_id, state, error=str(error))
        raise
    except MaybeDelivered as error:
        # It stays claimed, so that nobody posts it a second time.
        outbox.settle(connection, message_id, "sending", error=str(error))
        raise
    outbox.settle(connection, message_id, "sent", receipt=receipt)
    return "sent"


def describe_sent(happened: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {what}" for name, what in happened.items())
