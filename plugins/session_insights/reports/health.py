"""System health: automated sessions and failed tool calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from session_insights.measures import Comparison, by_key, total
from session_insights.wording import Delta, capital, cents, number, percent, plural, shorten

_STARTERS = {
    "scheduled-job": "Schedule",
    "webhook": "Webhook",
    "discord-mention": "Discord mention",
    "sub-agent": "Sub-agent",
    "headless": "Command line, headless",
    "user-interactive": "Typed by a person",
}
MOST_TOOLS = 6
MOST_STARTERS = 10


@dataclass(frozen=True)
class StarterRow:
    name: str | None
    initiated_by: str | None  # as it is stored
    ran: str
    failed: str
    cost: str


@dataclass(frozen=True)
class ToolRow:
    name: str
    tool: str  # whole, as `tool_failures` names it
    failed: str  # 19 of 64
    rate: str  # 30%
    delta: Delta | None
    was: str


@dataclass(frozen=True)
class Health:
    starters: tuple[StarterRow, ...]
    all: StarterRow
    last: StarterRow | None
    tools: tuple[ToolRow, ...]
    more_tools: str  # and 3 more tools
    has_past: bool


def build_health(seen: Comparison) -> Health:
    rows = seen.current.get("automated_sessions", [])
    before = seen.previous.get("automated_sessions", [])
    named = [
        _starter(row, _STARTERS.get(row["initiated_by"], capital(row["initiated_by"] or "") or None))
        for row in rows[:MOST_STARTERS]
    ]
    if rest := rows[MOST_STARTERS:]:
        named.append(_sum_row(rest, plural(len(rest), "other")))
    tools = _tools(seen)
    return Health(
        starters=tuple(named),
        all=_sum_row(rows, "All"),
        last=_sum_row(before, "Last") if seen.has_past else None,
        tools=tuple(tools[:MOST_TOOLS]),
        more_tools=f"and {plural(len(tools) - MOST_TOOLS, 'more tool')}" if len(tools) > MOST_TOOLS else "",
        has_past=seen.has_past,
    )


def _starter(row: Mapping[str, Any], name: str | None) -> StarterRow:
    cost = row.get("cost_usd")
    return StarterRow(
        None if name is None else shorten(name, 40),
        row.get("initiated_by"),
        number(row["session_count"]),
        number(row["failed_count"] or 0),
        cents(cost or 0),
    )


def _sum_row(rows: list[dict[str, float]], name: str) -> StarterRow:
    sums = {column: total(rows, column) for column in ("session_count", "failed_count", "cost_usd")}
    return _starter(sums, name)


def _tools(seen: Comparison) -> list[ToolRow]:
    """Connectors first, then the tools with most failures; those that never failed only where there is room."""
    before = by_key(seen.previous, "tool_failures", "tool")
    rows = [row for row in seen.current.get("tool_failures", []) if row["call_count"]]
    rows.sort(
        key=lambda row: (
            not row["error_count"],
            not row["tool"].endswith("(MCP)"),
            -(row["error_count"] or 0),
            row["tool"],
        )
    )
    shown = []
    for row in rows:
        was = before.get(row["tool"])
        rate = percent(row["error_count"] or 0, row["call_count"]) or 0
        was_rate = percent(was["error_count"] or 0, was["call_count"]) if was else None
        shown.append(
            ToolRow(
                name=shorten(row["tool"], 40),
                tool=row["tool"],
                failed=f"{number(row['error_count'] or 0)} of {number(row['call_count'])}",
                rate=f"{rate}%",
                delta=_rate_delta(rate, was_rate, min(row["call_count"], was["call_count"]) if was else 0),
                was="" if not seen.has_past else "not used" if was_rate is None else f"{was_rate}%",
            )
        )
    return shown


def _rate_delta(rate: int, was: int | None, calls: float) -> Delta | None:
    """Level within what two calls make."""
    if was is None:
        return None
    if rate == was or abs(rate - was) < 200 / calls:
        return Delta("→ level", "same")
    return Delta("↑ worse", "bad") if rate > was else Delta("↓ better", "good")
