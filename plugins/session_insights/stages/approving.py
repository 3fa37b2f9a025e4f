"""A report's summary → what somebody is asked before it is posted, and whether what is posted was approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from session_insights.errors import SettingsError
from session_insights.notifications.message import Message, plain_line
from session_insights.notifications.posting import Channel
from session_insights.profile import Profile
from session_insights.reports.markdown_text import NO_WIDTH, escape
from session_insights.stages import notifying
from session_insights.store import notifications as outbox
from session_insights.store.database import Connection


@dataclass(frozen=True)
class Question:
    subject: str
    body: str  # Markdown; words of transcripts are letters in it
    digest: str  # of the message that it shows


def build_question(
    connection: Connection,
    snapshot: Mapping[str, Any],
    channels: Sequence[Channel],
    *,
    profile: Profile,
    revise: bool,
    report_page: str,
) -> Question | None:
    """What to ask before a report's summary is posted; None where no channel would get it.

    Args:
        report_page: Address where the person who is asked can read the whole report.
    """
    message, due = _find_due(connection, snapshot, channels, profile, revise=revise)
    if not due:
        return None
    where = " and ".join(channel.name.capitalize() for channel in due)
    return Question(
        subject=f"Post to {where}? {plain_line(message.title)}",
        body=f"{show_message(message)}\n\n[Read the whole report]({report_page})",
        digest=_digest(message),
    )


def check_approved(
    connection: Connection,
    snapshot: Mapping[str, Any],
    channels: Sequence[Channel],
    *,
    profile: Profile,
    revise: bool,
    approved: str | None,
) -> None:
    """Let nothing out but what was shown and approved.

    Args:
        approved: Digest of the question that was answered with yes.

    Raises:
        SettingsError: What is to be posted is another text, or nobody approved anything.
    """
    message, due = _find_due(connection, snapshot, channels, profile, revise=revise)
    if due and _digest(message) != approved:
        what = "has changed since it was approved" if approved else "was approved by nobody"
        raise SettingsError(f"The summary {what}, so it is not posted: clear the task 'approve' to be asked again.")


def _find_due(
    connection: Connection, snapshot: Mapping[str, Any], channels: Sequence[Channel], profile: Profile, *, revise: bool
) -> tuple[Message, list[Channel]]:
    message = notifying.build_report_message(connection, snapshot, profile)
    key = notifying.report_key(snapshot)
    return message, notifying.find_due(connection, channels, key, message, revise=revise)


def _digest(message: Message) -> str:
    return outbox.digest(asdict(message))


def show_message(message: Message) -> str:
    """A message in Markdown: its lines as the channels get them, each on a line of its own."""
    fields = [f"**{_letters(field.name)}**\\\n{_lines(field.lines)}" for field in message.fields]
    parts = [f"**{_letters(message.title)}**", _lines(message.lines), *fields, _lines([message.footer])]
    return "\n\n".join(part for part in parts if part)


def _lines(lines: Sequence[str]) -> str:
    # A backslash at the end breaks the line.
    return "\\\n".join(line for line in map(_letters, lines) if line)


def _letters(line: str) -> str:
    # Some viewers make a link of `//name` alone.
    return escape(plain_line(line)).replace("//", f"/{NO_WIDTH}/")
