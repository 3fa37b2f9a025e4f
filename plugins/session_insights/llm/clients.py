"""Which client carries the questions of a reader."""

from __future__ import annotations

from session_insights.llm.asking import Client
from session_insights.llm.claude import ClaudeClient, ClaudeConnection
from session_insights.llm.command import ClaudeCommand
from session_insights.settings import Settings


def open_client(reader: str, connection: ClaudeConnection | None, settings: Settings) -> Client | None:
    """None where nobody is asked: `offline`, or `claude` without a connection."""
    if reader == "cli":
        return ClaudeCommand(settings.claude_command)
    return ClaudeClient(connection) if reader == "claude" and connection is not None else None
