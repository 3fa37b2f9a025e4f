"""Calls, messages and endings, counted in plain Python from what sessions said and did, moment by moment."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from session_insights.windows import Window
from tests.sql.history import Row, ends_in_error, local_date, session_columns
from tests.sql.recount import Recount, yours
from tests.sql.recount_lines import listed, newest_first


def _calls(session: Row, window: Window) -> list[Row]:
    """Own calls that ran, on days of the window on which the session was at work."""
    return [
        entry
        for entry in session["entries"]
        if entry["tool"] and entry["kind"] in ("tool", "tool_error") and not entry["is_copied"]
        if _is_inside(session, entry, window)
    ]


def _is_inside(session: Row, happened: Row, window: Window) -> bool:
    columns = session_columns(session)
    moment = local_date(columns["moments"](happened))
    days = {day["date"] for day in columns["dated"]}
    return window.start <= moment < window.end and moment in days


def _server(tool: str) -> str | None:
    return tool.removeprefix("mcp__").partition("__")[0] if tool.startswith("mcp__") else None


def _tool_failures(history: list[Row], window: Window) -> list[Row]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for session in yours(history, window):
        for call in _calls(history[session["number"]], window):
            server = _server(call["tool"])
            entry = counts[f"{server} (MCP)" if server else call["tool"]]
            entry[0] += 1
            entry[1] += call["kind"] == "tool_error"
    rows = [{"tool": tool, "call_count": calls, "error_count": errors} for tool, (calls, errors) in counts.items()]
    return sorted(rows, key=lambda row: (-row["call_count"], row["tool"]))


def _tokens_by_model(history: list[Row], window: Window) -> list[Row]:
    columns = ("input_tokens", "output_tokens", "cache_read_tokens")
    sums: dict[str, dict[str, Any]] = {}
    for session in yours(history, window):
        whole = history[session["number"]]
        for message in whole["messages"]:
            if not message["is_owner"] or not _is_inside(whole, message, window):
                continue
            row = sums.setdefault(message["model"], defaultdict(int, cost_usd=None))
            row["message_count"] += 1
            for column in columns:
                row[column] += message[column]
            row["cache_write_tokens"] += message["cache_write_5m_tokens"] + message["cache_write_1h_tokens"]
            row["unfinished_message_count"] += not message["is_final"]
            if message["cost_usd"] is not None:
                row["cost_usd"] = (row["cost_usd"] or 0) + message["cost_usd"]
    names = ("message_count", *columns, "cache_write_tokens", "cost_usd", "unfinished_message_count")
    rows = [{"model": model, **{name: row[name] for name in names}} for model, row in sums.items()]
    kinds = (*columns, "cache_write_tokens")
    return sorted(rows, key=lambda row: (-sum(row[kind] for kind in kinds), row["model"]))


def _automated_sessions(history: list[Row], window: Window) -> list[Row]:
    found: dict[str | None, list[Row]] = defaultdict(list)
    for session in history:
        inside = [day for day in session_columns(session)["dated"] if window.start <= day["date"] < window.end]
        if session["category"] == "automated" and inside:
            found[session["initiated_by"]].append({"days": inside, "is_failed": ends_in_error(session)})
    rows = []
    for starter, sessions in found.items():
        days = [day for session in sessions for day in session["days"]]
        prices = [day["cost_usd"] for day in days if day["cost_usd"] is not None]
        unpriced = sum(day["unpriced_message_count"] for day in days)
        rows.append(
            {
                "initiated_by": starter,
                "session_count": len(sessions),
                "failed_count": sum(session["is_failed"] for session in sessions),
                "cost_usd": sum(prices) if prices or not unpriced else None,
            }
        )
    return sorted(rows, key=lambda row: (row["initiated_by"] is None, -row["session_count"], row["initiated_by"] or ""))


def _top_friction(history: list[Row], window: Window) -> list[Row]:
    """Each finding with its sessions, those of most points first, then the newest."""
    cases: dict[str, list[Row]] = defaultdict(list)

    def add(finding: str, session: Row, points: int, ran: int | None = None) -> None:
        detail = None if ran is None else f"{points} of {ran} calls failed"
        item = {**listed(session), "summary": None, "detail": detail, "points": points}
        cases[finding].append({"points": points, "ran": ran, "item": item})

    for session in newest_first(yours(history, window)):
        for kind, count in (session.get("friction_counts") or {}).items():
            add(kind, session, count)
        if session.get("retry_loops") is not None:
            add("retry_loops", session, session["retry_loops"])
        calls: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for call in _calls(history[session["number"]], window):
            if server := _server(call["tool"]):
                calls[server][0] += call["kind"] == "tool_error"
                calls[server][1] += 1
        for server, (errors, ran) in calls.items():
            add(f"connector:{server}", session, errors, ran)
    rows = [
        {
            "finding": finding,
            "point_count": sum(case["points"] for case in found),
            "session_count": sum(case["points"] > 0 for case in found),
            "call_count": sum(case["ran"] for case in found) if finding.startswith("connector:") else None,
            "evidence": [case["item"] for case in sorted(found, key=_smallest_last) if case["points"]][:12],
        }
        for finding, found in cases.items()
        if any(case["points"] > 0 for case in found)
    ]
    return sorted(rows, key=lambda row: (-row["session_count"], -row["point_count"], row["finding"]))


def _smallest_last(case: Row) -> int:
    return -int(case["points"])


CALLED: dict[str, Recount] = {
    "tool_failures": _tool_failures,
    "tokens_by_model": _tokens_by_model,
    "automated_sessions": _automated_sessions,
    "top_friction": _top_friction,
}
