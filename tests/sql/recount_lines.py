"""What stands in line or is listed session by session, counted in plain Python: weeks, months, days, lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from session_insights.windows import Window, month_of
from tests.sql.history import Row, session_columns
from tests.sql.recount import Recount, business, contacts, cost, groups, known, read, summary_of, yours


def _weeks(window: Window) -> list[Window]:
    starts = [window.end - timedelta(days=7 * number) for number in range(8, 0, -1)]
    return [Window(start, start + timedelta(days=7)) for start in starts]


def _summary_by_week(history: list[Row], window: Window) -> list[Row]:
    return [{"week_start": week.start.isoformat(), **summary_of(yours(history, week))} for week in _weeks(window)]


def _summary_by_month(history: list[Row], window: Window) -> list[Row]:
    months = [month_of(window.last_day)]
    while len(months) < 6:
        months.append(month_of(months[-1].start - timedelta(days=1)))
    return [{"month_start": month.start.isoformat(), **summary_of(yours(history, month))} for month in reversed(months)]


def _people_by_week(history: list[Row], window: Window) -> list[Row]:
    counts = {
        (person, week.start): count
        for week in _weeks(window)
        for person, count in Counter(contacts(yours(history, week))).items()
    }
    return _contact_rows(counts)


def _people_by_calendar_week(history: list[Row], window: Window) -> list[Row]:
    counts: Counter[tuple[str, date]] = Counter()
    for session in yours(history, window):
        first = min(day["date"] for day in session["days"] if day["human_prompt_count"])
        sunday = first - timedelta(days=(first.weekday() + 1) % 7)
        counts.update((person, max(sunday, window.start)) for person in set(session.get("people_mentioned") or []))
    return _contact_rows(counts)


def _contact_rows(counts: dict[tuple[str, date], int]) -> list[Row]:
    return [
        {"person": person, "week_start": start.isoformat(), "contact_count": count}
        for (person, start), count in sorted(counts.items())
    ]


def _attention_by_day(history: list[Row], window: Window) -> list[Row]:
    sums: dict[Any, list[float]] = defaultdict(lambda: [0, 0])
    for session in yours(history, window):
        for day in session["days"]:
            if day["human_prompt_count"] or day["active_minutes"]:
                entry = sums[(day["date"], business(session))]
                entry[0] += day["human_prompt_count"] > 0
                entry[1] += day["active_minutes"]
    rows = [
        {"activity_date": day.isoformat(), "business": name, "session_count": count, "active_minutes": minutes}
        for (day, name), (count, minutes) in sums.items()
    ]
    return sorted(rows, key=lambda row: (row["activity_date"], row["business"] is None, row["business"] or ""))


def _readers_by_day(history: list[Row], window: Window) -> list[Row]:
    first = min(window.end - timedelta(days=56), window.start - (window.end - window.start))
    if window == month_of(window.start):
        first = window.start
        for _ in range(5):
            first = month_of(first - timedelta(days=1)).start
    counts = Counter(
        (day["date"].isoformat(), session["extraction_model"], session["prompt_version"])
        for session in read(yours(history, Window(first, window.end)))
        for day in session["days"]
        if day["human_prompt_count"]
    )
    return [
        {"activity_date": day, "model": model, "prompt_version": version, "session_count": count}
        for (day, model, version), count in sorted(counts.items())
    ]


def newest_first(found: list[Row]) -> list[Row]:
    return sorted(found, key=lambda session: (-session_columns(session)["started_at"].timestamp(), session["number"]))


def listed(session: Row) -> Row:
    return {
        "session_id": f"session-{session['number']:02d}",
        "title": None,
        "project": None,
        "started_at": session_columns(session)["started_at"].isoformat(),
        "active_minutes": sum(day["active_minutes"] for day in session["days"]),
    }


def _longest_sessions(history: list[Row], window: Window) -> list[Row]:
    found = sorted(newest_first(yours(history, window)), key=lambda session: -listed(session)["active_minutes"])
    return [
        {
            **listed(session),
            "business": business(session),
            "priority_matched": session.get("priority_matched"),
            "summary": None,
        }
        for session in found[:10]
    ]


def _unread_sessions(history: list[Row], window: Window) -> list[Row]:
    rows = []
    for session in newest_first(yours(history, window)):
        if not session["is_read"]:
            is_failed = _last_attempt(session) in ("failed", "refused")
            state, error = ("failed", f"it {_last_attempt(session)}") if is_failed else ("waiting", None)
            rows.append({**listed(session), "state": state, "error": error})
    return rows


def _last_attempt(session: Row) -> str | None:
    tried = [attempt["state"] for attempt in session["attempts"] if attempt["state"] in ("ok", "failed", "refused")]
    return tried[-1] if tried else None


def _coverage(history: list[Row], window: Window) -> list[Row]:
    found = yours(history, window)
    unread = [session for session in found if not session["is_read"]]
    failed = [session for session in unread if _last_attempt(session) in ("failed", "refused")]
    counted = {session["number"] for session in found}
    others = [
        session
        for number, session in enumerate(history)
        if number not in counted and _prompts(session, window) is not None
    ]
    prices = [attempt["cost_usd"] for session in found for attempt in session["attempts"]]
    priced = [price for price in prices if price is not None]
    models = Counter(session["extraction_model"] for session in read(found))
    readers = [
        {"reader": "offline", "model": model, "session_count": count}
        for model, count in sorted(models.items(), key=lambda item: (-item[1], item[0]))
    ]
    return [
        {
            "session_count": len(found),
            "read_count": len(read(found)),
            "failed_count": len(failed),
            "waiting_count": len(unread) - len(failed),
            "corrected_facet_count": sum(len(session["corrected"]) for session in read(found)),
            "too_small_count": sum(s["category"] == "human" and (_prompts(s, window) or 0) > 0 for s in others),
            "automated_count": sum(session["category"] == "automated" for session in others),
            "subagent_count": 0,
            "facet_cost_usd": sum(priced) if priced or not prices else None,
            "readers": readers,
        }
    ]


def _prompts(session: Row, window: Window) -> int | None:
    """Prompts within the window; None when it was not at work in it."""
    inside = [day for day in session_columns(session)["dated"] if window.start <= day["date"] < window.end]
    return sum(day["human_prompt_count"] for day in inside) if inside else None


def _skills_used(history: list[Row], window: Window) -> list[Row]:
    counts = Counter(skill for session in yours(history, window) for skill in set(session["skills_used"]))
    rows = [{"skill": skill, "session_count": count} for skill, count in counts.items()]
    return sorted(rows, key=lambda row: (-row["session_count"], row["skill"]))


def _skills_missed(history: list[Row], window: Window) -> list[Row]:
    sessions: dict[str, list[Row]] = defaultdict(list)
    for session in newest_first(yours(history, window)):
        for skill in set(session.get("skills_missed") or []):
            sessions[skill].append({**listed(session), "summary": None, "detail": None})
    rows = [{"skill": skill, "session_count": len(found), "evidence": found[:12]} for skill, found in sessions.items()]
    return sorted(rows, key=lambda row: (-row["session_count"], row["skill"]))


def _value_by_skill(history: list[Row], window: Window) -> list[Row]:
    rows = [
        {
            "skill": skill,
            "read_count": len(group),
            "time_saved_minutes": known(group, "estimated_time_saved_minutes"),
            "time_saved_known_count": sum(s["estimated_time_saved_minutes"] is not None for s in group),
        }
        for skill, group in groups(
            read(yours(history, window)), lambda session: min(session["skills_used"], default=None)
        ).items()
    ]
    return sorted(rows, key=lambda row: (row["skill"] is None, -row["read_count"], row["skill"] or ""))


def _return_by_business(history: list[Row], window: Window) -> list[Row]:
    rows = [
        {
            "business": name,
            "session_count": len(group),
            "read_count": len(read(group)),
            "skill_session_count": sum(bool(session["skills_used"]) for session in group),
            "time_saved_minutes": known(group, "estimated_time_saved_minutes"),
            "time_saved_known_count": sum(s.get("estimated_time_saved_minutes") is not None for s in group),
            "cost_usd": cost(group),
        }
        for name, group in groups(yours(history, window), business).items()
    ]
    return sorted(
        rows,
        key=lambda row: (
            row["business"] is None,
            row["cost_usd"] is None,
            -(row["cost_usd"] or 0),
            row["business"] or "",
        ),
    )


LISTED: dict[str, Recount] = {
    "summary_by_week": _summary_by_week,
    "summary_by_month": _summary_by_month,
    "people_by_week": _people_by_week,
    "people_by_calendar_week": _people_by_calendar_week,
    "attention_by_day": _attention_by_day,
    "readers_by_day": _readers_by_day,
    "longest_sessions": _longest_sessions,
    "unread_sessions": _unread_sessions,
    "coverage": _coverage,
    "skills_used": _skills_used,
    "skills_missed": _skills_missed,
    "value_by_skill": _value_by_skill,
    "return_by_business": _return_by_business,
}
