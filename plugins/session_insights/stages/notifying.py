"""Messages → channels, each once: into the outbox, claimed, posted, settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import psycopg

from session_insights.errors import DeliveryFailed, MaybeDelivered, NotDelivered, SettingsError
from session_insights.narratives.sections import Narrative
from session_insights.notifications.failure import FailedTask, build_failure_message, failure_key
from session_insights.notifications.message import Message
from session_insights.notifications.posting import RENDERERS, Channel, post
from session_insights.notifications.summary import build_summary
from session_insights.profile import Profile
from session_insights.stages.reporting import days_of
from session_insights.store import figures as figure_store
from session_insights.store import notifications as outbox
from session_insights.store.database import Connection
from session_insights.transcripts.redaction import mask_secrets

Post = Callable[[Channel, dict[str, Any]], str | None]


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
        return {}
    message = build_report_message(connection, snapshot, profile)
    return send_everywhere(connection, channels, report_key(snapshot), message, revise=revise, send=send)


def build_report_message(connection: Connection, snapshot: Mapping[str, Any], profile: Profile) -> Message:
    """The summary of a report as it is by now."""
    snapshot_id = snapshot["snapshot_id"]
    return build_summary(
        figure_store.load_figures(connection, snapshot_id),
        profile,
        days_of(snapshot),
        headline=Narrative.model_validate(figure_store.load_narrative(connection, snapshot_id)).headline,
        report_url=figure_store.load_report_url(connection, snapshot_id),
    )


def report_key(snapshot: Mapping[str, Any]) -> str:
    """What a report's message is known by in the outbox."""
    window = days_of(snapshot)
    return f"report:{snapshot['period_type']}:{window.start}:{window.last_day}"


def find_due(
    connection: Connection, channels: Sequence[Channel], key: str, message: Message, *, revise: bool = False
) -> list[Channel]:
    """Channels that `send_everywhere` would post a message to; the others have it, or may have it."""
    return [channel for channel in channels if _is_due(connection, channel, key, message, revise=revise)]


def _is_due(connection: Connection, channel: Channel, key: str, message: Message, *, revise: bool) -> bool:
    row = outbox.load_state(connection, channel.name, key)
    if row is None or row["state"] in ("waiting", "failed"):
        return True
    return revise and not _is_told(connection, channel, key, message)


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
        DeliveryFailed: The first failure, after every channel had its turn.
    """
    happened: dict[str, str] = {}
    failures: list[DeliveryFailed] = []
    for channel in channels:
        try:
            happened[channel.name] = _send_once(connection, channel, key, message, revise=revise, send=send)
        except DeliveryFailed as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return happened


def send_waiting(
    connection: Connection, channels: Sequence[Channel], kinds: Sequence[str], *, send: Post = post
) -> dict[str, int]:
    """Post what could not be posted when it was made, for kinds such as `failure`; channel → messages.

    Raises:
        DeliveryFailed: The first failure; a channel that fails keeps its other messages for later.
    """
    counts: dict[str, int] = {channel.name: 0 for channel in channels}
    failures: list[DeliveryFailed] = []
    for channel in channels:
        try:
            for message_id in outbox.find_waiting(connection, channel.name, kinds):
                counts[channel.name] += _post_claimed(connection, channel, message_id, send)
        except DeliveryFailed as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return counts


def tell_failure(
    open_database: Callable[[], Connection],
    channels: Sequence[Channel],
    failed: FailedTask,
    *,
    send: Post | None = None,
) -> None:
    """Post that a task failed, once a try. Without a database, which may be why it failed, it is posted all the same.

    Raises:
        DeliveryFailed: It waits in the outbox; the next run of facet extraction posts it.
    """
    # Whoever waits here is a task that has ended: one try, the outbox keeps the rest.
    send = send or partial(post, tries=1)
    failed = replace(failed, error=mask_secrets(failed.error), label=failed.label and mask_secrets(failed.label))
    message = build_failure_message(failed)
    try:
        connection = open_database()
    except (psycopg.Error, SettingsError):
        for channel in channels:
            send(channel, RENDERERS[channel.name](message))
        return
    with connection:
        send_everywhere(connection, channels, failure_key(failed), message, send=send)


def tell_cap(
    connection: Connection, channels: Sequence[Channel], reached: str, day: date, *, send: Post | None = None
) -> None:
    """Post that a spending cap keeps sessions from being read, once a day.

    Args:
        reached: What `check_budget` says.

    Raises:
        DeliveryFailed: It waits in the outbox; the next run of facet extraction posts it.
    """
    said = reached.rpartition("not sent: ")[2]
    message = Message(title="A spending cap is reached", lines=(f"Sessions wait: {said}",), tone="bad")
    send_everywhere(connection, channels, f"cap:{day}", message, send=send or partial(post, tries=1))


def _send_once(
    connection: Connection, channel: Channel, key: str, message: Message, *, revise: bool, send: Post
) -> str:
    """`sent`, `already sent` or `revision sent`."""
    payload = RENDERERS[channel.name](message)
    message_id = outbox.put(connection, channel=channel.name, dedupe_key=key, title=message.title, payload=payload)
    if message_id is not None and _post_claimed(connection, channel, message_id, send):
        return "sent"
    if revise:
        if _is_told(connection, channel, key, message):
            return "already sent"
        revised = _revise(message)
        key = f"{key}:revision:{outbox.digest(RENDERERS[channel.name](revised))[:16]}"
        return f"revision {_send_once(connection, channel, key, revised, revise=False, send=send)}"
    row = outbox.load_state(connection, channel.name, key)
    if row is not None and row["state"] == "sent":
        return "already sent"
    began = f" at {row['claimed_at']:%H:%M} UTC" if row is not None else ""
    raise MaybeDelivered(
        f"{channel.name}: {key} was being posted{began} by a try that did not end. Look whether it is there: if so, "
        "mark this task as success. By itself it is not posted again. To do so, run the report with 'revise'; for "
        "another message, delete its row of insights.notifications and clear this task."
    )


def _revise(message: Message) -> Message:
    return replace(message, title=f"Revised: {message.title}")


def _is_told(connection: Connection, channel: Channel, key: str, message: Message) -> bool:
    """Whether what was posted last under a key, or as its revision, says just this."""
    says = {outbox.digest(RENDERERS[channel.name](each)) for each in (message, _revise(message))}
    return bool(says & set(outbox.load_posted(connection, channel.name, key)[-1:]))


def _post_claimed(connection: Connection, channel: Channel, message_id: int, send: Post) -> bool:
    """At most once: whoever claims a message posts it, and one that was claimed is never posted by itself again.

    Returns:
        False when somebody else has claimed it.

    Source: docs/decisions/0016-outbox-and-anomalies.md
    """
    payload = outbox.claim(connection, message_id)
    if payload is None:
        return False
    try:
        receipt = send(channel, payload)
    except NotDelivered as error:
        outbox.settle(connection, message_id, "waiting" if error.may_try_again else "failed", error=str(error))
        raise
    except MaybeDelivered as error:
        outbox.settle(connection, message_id, "sending", error=str(error))
        raise
    outbox.settle(connection, message_id, "sent", receipt=receipt)
    return True
