"""What a user record is: a person's words, a program's, a command, a marker, or text put there by the CLI.

Source: transcript-format §4 and §10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["prompt", "command", "interruption", "injected"]

_INTERRUPTED = "[Request interrupted by user"
_INJECTED_STARTS = (
    "<local-command-",
    "Caveat: The messages below were generated",
    "This session is being continued from a previous conversation",
    "<bash-stdout>",
    "<bash-stderr>",
    "<task-notification>",
    "<agent-notification>",
    "<ci-monitor-event>",
    "<user-memory-input>",
    "<system-reminder>",
    "[Image: source:",
    "Implement the following plan:",
)
_MACHINE_STARTS = (*_INJECTED_STARTS, '{"task_id"', '{"taskId"')
_COMMAND_STARTS = ("<command-name>", "<command-message>", "<command-args>")
# Whose turn it is, where the CLI says it and it is no person's.
_MACHINE_TURNS = frozenset({"task_notification", "scheduled", "auto_continuation", "peer", "host_synthetic"})
_PROGRAM_ENTRYPOINTS = frozenset({"mcp", "claude-code-github-action", "claude-security", "bench"})
# Put in front of typed words by the CLI; peeled off.
_IN_FRONT = re.compile(r"^\s*<(system-reminder|ide_opened_file|ide_selection)>.*?</\1>\s*", re.DOTALL)
_NAME = re.compile(r"<command-name>\s*/?([^<]{1,200}?)\s*</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*?)</command-args>", re.DOTALL)
_BASH = re.compile(r"<bash-input>(.*?)</bash-input>", re.DOTALL)


@dataclass(frozen=True)
class Utterance:
    """What a user record says."""

    kind: Kind
    text: str
    command: str | None = None  # without its slash


def texts_of(content: Any) -> list[str]:
    """The text blocks of a message's content, which is a string or a list of blocks."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    blocks = [block for block in content if isinstance(block, dict) and block.get("type") == "text"]
    return [block["text"] for block in blocks if isinstance(block.get("text"), str)]


def has_image(content: Any) -> bool:
    return isinstance(content, list) and any(isinstance(b, dict) and b.get("type") == "image" for b in content)


def classify(record: dict[str, Any], content: Any) -> Utterance:
    """Sort a user record that carries no tool result."""
    texts = texts_of(content)
    if len(texts) > 1:  # blocks of the CLI beside typed ones
        texts = [text for text in texts if peel(text).strip()]
    text = "\n".join(texts)
    if text.startswith(_INTERRUPTED):
        return Utterance("interruption", text)
    if record.get("isMeta") or record.get("isCompactSummary") or record.get("isVisibleInTranscriptOnly"):
        return Utterance("injected", text)
    command = parse_command(text)
    if command is not None:
        return command
    if record.get("planContent") or "toolUseResult" in record:
        return Utterance("injected", text)
    text = peel(text)
    origin = record.get("origin")
    kind = origin.get("kind") if isinstance(origin, dict) else None
    turn = record.get("turnOrigin")
    if kind is None:
        if record.get("turnCompanion") or (isinstance(turn, str) and turn in _MACHINE_TURNS):
            return Utterance("injected", text)
    elif kind != "human":
        return Utterance("injected", text)
    if text.startswith(_INJECTED_STARTS) or (not text.strip() and not has_image(content)):
        return Utterance("injected", text)
    return Utterance("prompt", text if text.strip() else "[image]")


def peel(text: str) -> str:
    """Typed words without the blocks that the CLI put in front of them."""
    while (found := _IN_FRONT.match(text)) is not None:
        text = text[found.end() :]
    return text


def parse_command(text: str) -> Utterance | None:
    """A slash command or a `!` line; None for other text."""
    head = text[:2000]
    if head.lstrip().startswith(_COMMAND_STARTS) and "<command-name>" in head:
        name = _NAME.search(head)
        arguments = _ARGUMENTS.search(text)
        words = arguments[1].strip() if arguments else ""
        return Utterance("command", words, command=name[1] if name else "?")
    if head.lstrip().startswith("<bash-input>"):
        bash = _BASH.search(text)
        return Utterance("command", f"! {bash[1].strip() if bash else ''}", command="!")
    return None


def local_command(record: dict[str, Any]) -> tuple[Utterance | None, bool]:
    """The command of a `system/local_command` record, and whether the record says that it ran."""
    content, run = record.get("content"), record.get("commandRun")
    command = parse_command(content) if isinstance(content, str) else None
    name = run.get("command") if isinstance(run, dict) else None
    if not isinstance(name, str) or not name:
        return command, False
    words = run.get("args") if isinstance(run, dict) else None
    return command or Utterance("command", words if isinstance(words, str) else "", command=name.lstrip("/")), True


def is_machine_text(text: str) -> bool:
    """Queued text that no person typed."""
    return not text.strip() or text.lstrip().startswith(_MACHINE_STARTS) or "<command-name>" in text[:400]


def is_program(record: dict[str, Any]) -> bool | None:
    """Who typed a prompt: True a program, False a person, None not said in this record."""
    origin = record.get("origin")
    if isinstance(origin, dict) and origin.get("kind") == "human":
        return False
    if record.get("promptSource") in ("typed", "queued", "suggestion_accepted"):
        return False
    if record.get("promptSource") in ("sdk", "system") or record.get("turnOrigin") == "sdk":
        return True
    kind = record.get("sessionKind")
    if isinstance(kind, str) and kind.startswith("daemon"):
        return True
    entrypoint = record.get("entrypoint")
    if isinstance(entrypoint, str):
        return entrypoint.startswith("sdk-") or entrypoint in _PROGRAM_ENTRYPOINTS or "trigger" in entrypoint
    return None
