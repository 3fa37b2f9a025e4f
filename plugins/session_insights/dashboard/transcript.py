"""Entries to what a page shows: who speaks, what is marked, what is folded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from session_insights.wording import plural

FOLDED_FROM = 8  # quiet entries in a row
_QUIET = frozenset({"tool", "reply", "compaction"})
_BAD = frozenset({"tool_error", "rejection", "denial", "interruption", "api_error"})


@dataclass(frozen=True)
class EntryLine:
    """One entry: `tone` is u (a person), e (an error), t (a tool) or r (a reply)."""

    entry_no: int
    tone: str
    who: str
    text: str
    detail: str  # file, lines; "" where there is nothing to add


@dataclass(frozen=True)
class Stretch:
    """Entries in a row, shown or folded; `label` says what is inside a fold, "" where nothing is folded."""

    label: str
    entries: tuple[EntryLine, ...]


def build_stretches(
    entries: Sequence[Mapping[str, Any]], *, owner: str, cited: Collection[int], corrections: Collection[int]
) -> tuple[Stretch, ...]:
    """Copied history folds, and so do long runs in which nobody spoke, nothing failed and nothing is cited."""
    stretches: list[Stretch] = []
    run: list[Mapping[str, Any]] = []
    run_kind = "shown"
    for entry in entries:
        if entry["is_copied"]:
            kind = "copied"
        elif entry["kind"] in _QUIET and entry["entry_no"] not in cited:
            kind = "quiet"
        else:
            kind = "shown"
        if kind != run_kind and run:
            stretches.append(_close(run, run_kind, owner, corrections))
            run = []
        run_kind = kind
        run.append(entry)
    if run:
        stretches.append(_close(run, run_kind, owner, corrections))
    return tuple(stretches)


def _close(run: Sequence[Mapping[str, Any]], kind: str, owner: str, corrections: Collection[int]) -> Stretch:
    lines = tuple(_build_line(entry, owner, entry["entry_no"] in corrections) for entry in run)
    first, last = run[0]["entry_no"], run[-1]["entry_no"]
    numbers = f"Entries {first} to {last}" if last > first else f"Entry {first}"
    if kind == "copied":
        return Stretch(f"{numbers}: history copied from the session before", lines)
    if kind == "quiet" and len(run) >= FOLDED_FROM:
        calls = sum(entry["kind"] == "tool" for entry in run)
        replies = sum(entry["kind"] == "reply" for entry in run)
        parts = [plural(calls, "tool call")] if calls else []
        parts += [plural(replies, "reply", "replies")] if replies else []
        return Stretch(f"{numbers}: {', '.join([*parts, 'no errors'])}", lines)
    return Stretch("", lines)


def _build_line(entry: Mapping[str, Any], owner: str, is_correction: bool) -> EntryLine:
    kind, is_person = entry["kind"], entry["is_person"]
    tone = "e" if kind in _BAD else "u" if is_person else "t" if kind == "tool" else "r"
    lines = (
        f"+{entry['lines_added']} −{entry['lines_removed']}" if entry["lines_added"] or entry["lines_removed"] else ""
    )
    commits = plural(entry["commit_count"], "commit") if entry["commit_count"] else ""
    path = entry["file_path"] or ""
    parts = ("" if path and path in entry["text"] else path, lines, commits)
    return EntryLine(
        entry_no=entry["entry_no"],
        tone=tone,
        who=_who(entry, owner) + (", correction" if is_correction and kind != "rejection" else ""),
        text=entry["text"],
        detail=" ".join(part for part in parts if part),
    )


def _who(entry: Mapping[str, Any], owner: str) -> str:
    speaker = owner if entry["is_person"] else "Program"
    tool = f": {entry['tool']}" if entry["tool"] else ""
    return {
        "prompt": f"{speaker}, prompt",
        "steering": f"{speaker}, steering",
        "command": f"{speaker}, command",
        "reply": "Claude",
        "tool": f"Tool{tool}",
        "tool_error": f"Tool error{tool}",
        "rejection": f"Rejected by {owner}{tool}",
        "denial": f"Not allowed{tool}",
        "interruption": f"Stopped by {owner}",
        "compaction": "Compaction",
        "api_error": "API error",
    }[entry["kind"]]
