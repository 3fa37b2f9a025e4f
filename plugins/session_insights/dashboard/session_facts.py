"""What was counted in a session, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from session_insights.profile import Profile
from session_insights.wording import duration, full_day, money, plural, tokens


@dataclass(frozen=True)
class Fact:
    """One thing counted. `words` None is unknown."""

    label: str
    words: str | None
    entries: tuple[int, ...] = ()  # the first of those behind it


@dataclass(frozen=True)
class Head:
    """The top of the page, and what was counted."""

    session_id: str
    title: str
    day: str | None
    hours: str | None
    active: str
    place: str
    machine: str
    is_subagent: bool
    is_automated: bool
    facts: tuple[Fact, ...]


def build_head(session: Mapping[str, Any], profile: Profile) -> Head:
    """A row of `dashboard/session.sql` in words."""
    started, ended = session["started_at"] or session["first_record_at"], session["ended_at"]
    return Head(
        session_id=session["id"],
        title=session["title"] or "Session without a title",
        day=full_day(started.astimezone(profile.zone).date()) if started else None,
        hours=_hours(started, ended, profile.zone) if started and ended else None,
        active=duration(session["active_minutes"]),
        place=(session["project"] or "project unknown")
        + (f", branch {session['git_branch']}" if session["git_branch"] else ""),
        machine=session["machine"],
        is_subagent=session["is_subagent"],
        is_automated=session["category"] == "automated",
        facts=_facts(session),
    )


def _hours(started: datetime, ended: datetime, zone: ZoneInfo) -> str:
    first, last = started.astimezone(zone), ended.astimezone(zone)
    days = (last.date() - first.date()).days
    return f"{first:%H:%M} to {last:%H:%M}" + (f", {plural(days, 'day')} later" if days else "")


def _facts(session: Mapping[str, Any]) -> tuple[Fact, ...]:
    facet: Mapping[str, Any] = session["facet"] or {}
    calls = sum(session["tools_used"].values())
    whole = sum(session[f"{kind}_tokens"] for kind in ("input", "output", "cache_read", "cache_write"))
    cost = session["family_cost_usd"] if session["family_cost_usd"] is not None else session["cost_usd"]
    loops, cut = facet.get("retry_loops"), facet.get("session_cut_short")
    return (
        Fact("Started by", session["initiated_by"]),
        Fact("Prompts", str(session["human_prompt_count"])),
        Fact("Tools", f"{plural(calls, 'call')}, {session['tool_error_count']} failed", _some(session, "tool_error")),
        Fact("Rejections", str(session["rejection_count"]), _some(session, "rejection")),
        Fact("Interruptions", str(session["interruption_count"]), _some(session, "interruption")),
        Fact("Loops", None if loops is None else str(loops)),
        Fact("Cut short", None if cut is None else "yes" if cut else "no"),
        Fact("Connector calls", f"{session['mcp_call_count']}, {session['mcp_error_count']} failed"),
        Fact("Skills used", ", ".join(session["skills_used"]) or "none"),
        Fact(
            "Lines",
            f"+{session['lines_added']} −{session['lines_removed']} in "
            f"{plural(len(session['files_touched']), 'file')}; {plural(session['commit_count'], 'commit')}",
        ),
        Fact("Tokens", f"{tokens(whole)}, of them {tokens(session['cache_read_tokens'])} from cache"),
        Fact("Cost, with sub-agents", None if cost is None else money(cost)),
    )


def _some(session: Mapping[str, Any], kind: str) -> tuple[int, ...]:
    return tuple(session[f"{kind}_entries"] or ())
