"""A tool call and its result → one entry's figures: what it was, what it touched, how it ended.

Source: transcript-format §5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from session_insights.records import EntryKind
from session_insights.transcripts.commits import count_commits

_REFUSED = "The user doesn't want to "
_NOT_GRANTED = re.compile(r"^Claude requested permissions to .* but you haven't granted it yet|needs approval\. ")
_HOOK = re.compile(r"^PreToolUse:\S+ hook error")
_FEEDBACK = re.compile(r"To tell you how to proceed, the user said:\s*(.*)", re.DOTALL)
# Arguments that say what a call is about, best first.
_SAID = (
    *("description", "command", "file_path", "notebook_path", "pattern", "query"),
    *("url", "path", "skill", "prompt", "subject"),
)
_NEEDED = ("command", "file_path", "notebook_path")
WRITING_TOOLS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    kind: EntryKind
    text: str  # why it failed, or a person's words; empty when it worked
    file_path: str | None = None
    lines_added: int = 0
    lines_removed: int = 0
    commit_count: int = 0
    pr_url: str | None = None


def describe_call(name: str, given: Any) -> str:
    """A call in one line: its main arguments."""
    if not isinstance(given, dict):
        return ""
    if name == "Write":
        content = given.get("content")
        size = f" ({len(content.splitlines())} lines)" if isinstance(content, str) else ""
        path = given.get("file_path")
        return f"{path if isinstance(path, str) else ''}{size}"
    parts = [value for key in _SAID if isinstance(value := given.get(key), str) and value]
    if not parts:
        parts = [value for value in given.values() if isinstance(value, str)]
    return " | ".join(dict.fromkeys(parts[:3]))


def needed_arguments(given: Any) -> dict[str, Any]:
    """What `conclude` wants of a call's arguments; a call without a result would hold all of them."""
    return {key: given[key] for key in _NEEDED if key in given} if isinstance(given, dict) else {}


def file_of(name: str, given: Any) -> str | None:
    """The file that a call names, for the tools that read or write one."""
    if not isinstance(given, dict) or name not in WRITING_TOOLS | {"Read"}:
        return None
    path = given.get("file_path") or given.get("notebook_path")
    return path if isinstance(path, str) else None


def skill_of(name: str, given: Any) -> str | None:
    if name != "Skill" or not isinstance(given, dict):
        return None
    skill = given.get("skill") or given.get("command")
    return skill.lstrip("/") if isinstance(skill, str) else None


def conclude(name: str, given: Any, block: dict[str, Any], record: dict[str, Any]) -> Outcome:
    """What a `tool_result` block and its record's `toolUseResult` say of a call."""
    text = _text(block.get("content"))
    result = record.get("toolUseResult")
    if block.get("is_error") is True:
        # What came before the command that failed was done.
        return replace(_failure(text, record), commit_count=_commits(name, given, {}, text, has_succeeded=False))
    if not isinstance(result, dict):  # sub-agents keep the text alone
        return Outcome("tool", "", file_of(name, given), commit_count=_commits(name, given, {}, text))
    added, removed = _patched(name, result)
    return Outcome(
        "tool",
        "",
        file_of(name, given),
        added,
        removed,
        _commits(name, given, result, text),
        _pull_request(result),
    )


def _failure(text: str, record: dict[str, Any]) -> Outcome:
    decision, denial = record.get("permissionDecision"), record.get("toolDenialKind")
    source = decision.get("source") if isinstance(decision, dict) and decision.get("decision") == "reject" else None
    if source in ("config", "hook") or denial in ("permission-rule", "automode-blocked", "automode-unavailable"):
        return Outcome("denial", text)
    if _NOT_GRANTED.search(text[:600]) or _HOOK.match(text):
        return Outcome("denial", text)
    refused = text.startswith(_REFUSED) or record.get("toolUseResult") == "User rejected tool use"
    if denial == "interrupted":
        return Outcome("interruption", "")
    if refused or denial == "user-rejected" or source in ("user_reject", "user_abort"):
        words = record.get("userFeedback")
        if not isinstance(words, str):
            found = _FEEDBACK.search(text)
            words = found[1] if found else ""
        return Outcome("rejection", words.strip())
    return Outcome("tool_error", text.replace("<tool_use_error>", "").replace("</tool_use_error>", ""))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(b["text"] for b in content if isinstance(b, dict) and isinstance(b.get("text"), str))


def _patched(name: str, result: dict[str, Any]) -> tuple[int, int]:
    """Lines added and removed by a successful edit; a created file adds all its lines."""
    patch = result.get("structuredPatch")
    if name not in WRITING_TOOLS:
        return 0, 0
    if not patch and result.get("type") == "create" and isinstance(result.get("content"), str):
        return len(result["content"].splitlines()), 0
    lines = [
        line
        for hunk in (patch if isinstance(patch, list) else [])
        if isinstance(hunk, dict) and isinstance(hunk.get("lines"), list)
        for line in hunk["lines"]
        if isinstance(line, str)
    ]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _commits(name: str, given: Any, result: dict[str, Any], text: str, *, has_succeeded: bool = True) -> int:
    """Commits that really ran, in the foreground."""
    command = given.get("command") if isinstance(given, dict) else None
    if name not in ("Bash", "PowerShell") or not isinstance(command, str):
        return 0
    stdout = result.get("stdout")
    has_ended = not result.get("backgroundTaskId") and not result.get("interrupted")
    output = stdout if isinstance(stdout, str) else text
    return count_commits(command, output, has_succeeded=has_succeeded and has_ended)


def _pull_request(result: dict[str, Any]) -> str | None:
    operation = result.get("gitOperation")
    pull = operation.get("pr") if isinstance(operation, dict) else None
    url = pull.get("url") if isinstance(pull, dict) else None
    return url if isinstance(url, str) and url.startswith("https://") else None
