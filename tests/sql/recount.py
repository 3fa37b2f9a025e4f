"""What the sessions of a window sum up to, counted in plain Python from the rows of a history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from session_insights.windows import Window
from tests.sql.history import Row, day_of

Recount = Callable[[list[Row], Window], list[Row]]


def yours(history: list[Row], window: Window) -> list[Row]:
    """Your sessions of a window: what they did in it, and their facet, {} when unread."""
    found = []
    for number, session in enumerate(history):
        inside = [
            {**day, "date": day_of(session, offset)}
            for offset, day in enumerate(session["days"])
            if day is not None and window.start <= day_of(session, offset) < window.end
        ]
        large_enough = session["human_prompt_count"] >= 2 or session["active_minutes"] >= 1
        spoken = sum(day["human_prompt_count"] for day in inside) > 0
        if session["category"] == "human" and large_enough and spoken:
            found.append(
                {
                    **session,
                    "number": number,
                    "days": inside,
                    "is_read": session["facet"] is not None,
                    **(session["facet"] or {}),
                }
            )
    return found


def total(found: list[Row], column: str) -> float:
    return sum(day[column] for session in found for day in session["days"])


def known(found: list[Row], column: str) -> int | None:
    values = [session[column] for session in found if session.get(column) is not None]
    return sum(values) if values or not found else None


def cost(found: list[Row]) -> float | None:
    prices = [day["cost_usd"] for session in found for day in session["days"] if day["cost_usd"] is not None]
    return sum(prices) if prices or not total(found, "unpriced_message_count") else None


def tokens(found: list[Row]) -> float:
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    return sum(total(found, kind) for kind in kinds)


def contacts(found: list[Row]) -> list[str]:
    return [person for session in found for person in set(session.get("people_mentioned") or [])]


def business(session: Row) -> str | None:
    return next(iter(session.get("businesses") or []), None)


def groups(found: list[Row], key: Any) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for session in found:
        groups[key(session)].append(session)
    return groups


def read(found: list[Row]) -> list[Row]:
    return [session for session in found if session["is_read"]]


def _summary(history: list[Row], window: Window) -> list[Row]:
    return [summary_of(yours(history, window))]


def summary_of(found: list[Row]) -> Row:
    """The columns of `summary`."""
    met = contacts(found)
    outcomes = [session.get("outcome") for session in found]
    sums = (
        "active_minutes", "human_prompt_count", "input_tokens", "output_tokens", "cache_read_tokens",
        "cache_write_tokens", "unpriced_message_count", "unfinished_message_count",
    )  # fmt: skip
    return {
        "session_count": len(found),
        "read_count": len(read(found)),
        "total_tokens": tokens(found),
        "cost_usd": cost(found),
        "reached_count": sum(outcome in ("fully_achieved", "mostly_achieved") for outcome in outcomes),
        "judged_count": sum(outcome not in (None, "unclear_from_transcript") for outcome in outcomes),
        "course_corrections": known(found, "course_corrections"),
        "time_saved_minutes": known(found, "estimated_time_saved_minutes"),
        "time_saved_known_count": sum(s.get("estimated_time_saved_minutes") is not None for s in found),
        "artifacts_created": known(found, "artifacts_created"),
        "decisions_made": known(found, "decisions_made"),
        "knowledge_filed": known(found, "knowledge_filed"),
        "people_count": len(set(met)),
        "contact_count": len(met),
        "priority_minutes": total([s for s in found if s.get("priority_matched")], "active_minutes"),
        "read_minutes": total(read(found), "active_minutes"),
        **{column: total(found, column) for column in sums},
        "mcp_failures": known(found, "mcp_failures"),
        "retry_loops": known(found, "retry_loops"),
        "cut_short_count": sum(bool(session.get("session_cut_short")) for session in found),
        "friction_session_count": sum(any((s.get("friction_counts") or {}).values()) for s in found),
        "shared_session_count": sum(len(set(s.get("businesses") or [])) > 1 for s in found),
        "named_session_count": sum(bool(s.get("people_mentioned")) for s in found),
    }


def _attention_by_business(history: list[Row], window: Window) -> list[Row]:
    rows = [
        {
            "business": name,
            "session_count": len(group),
            "active_minutes": total(group, "active_minutes"),
            "total_tokens": tokens(group),
            "cost_usd": cost(group),
        }
        for name, group in groups(yours(history, window), business).items()
    ]
    return _sorted_by_minutes(rows, "business")


def _by_facet(column: str) -> Any:
    def compute(history: list[Row], window: Window) -> list[Row]:
        rows = [
            {column: value, "session_count": len(group), "active_minutes": total(group, "active_minutes")}
            for value, group in groups(read(yours(history, window)), lambda session: session[column]).items()
        ]
        return _sorted_by_minutes(rows, column)

    return compute


def _priority_alignment(history: list[Row], window: Window) -> list[Row]:
    order = ["aligned", "supportive", "neutral", "drift", None]
    return sorted(
        _by_facet("priority_alignment")(history, window), key=lambda row: order.index(row["priority_alignment"])
    )


def _sorted_by_minutes(rows: list[Row], key: str) -> list[Row]:
    return sorted(rows, key=lambda row: (row[key] is None, -row["active_minutes"], row[key] or ""))


def _outcomes(history: list[Row], window: Window) -> list[Row]:
    order = ["fully_achieved", "mostly_achieved", "partially_achieved", "not_achieved", "unclear_from_transcript", None]
    found = groups(read(yours(history, window)), lambda session: session["outcome"])
    return [{"outcome": outcome, "session_count": len(found[outcome])} for outcome in order if outcome in found]


def _friction_origin(history: list[Row], window: Window) -> list[Row]:
    points: dict[str, list[int]] = defaultdict(list)
    for session in yours(history, window):
        for kind, number in (session.get("friction_counts") or {}).items():
            if number:
                points[kind].append(number)
    rows = [
        {"friction_kind": kind, "point_count": sum(numbers), "session_count": len(numbers)}
        for kind, numbers in points.items()
    ]
    return sorted(rows, key=lambda row: (-row["point_count"], -row["session_count"], row["friction_kind"]))


def _relationship_pulse(history: list[Row], window: Window) -> list[Row]:
    found = yours(history, window)
    rows = []
    for person in set(contacts(found)):
        with_person = [session for session in found if person in (session.get("people_mentioned") or [])]
        rows.append(
            {
                "person": person,
                "contact_count": len(with_person),
                "proactive_count": sum(session["outreach_type"] == "proactive" for session in with_person),
                "reactive_count": sum(session["outreach_type"] == "reactive" for session in with_person),
            }
        )
    return sorted(rows, key=lambda row: (-row["contact_count"], row["person"]))


def _value_by_business(history: list[Row], window: Window) -> list[Row]:
    rows = [
        {
            "business": name,
            "read_count": len(group),
            "time_saved_minutes": known(group, "estimated_time_saved_minutes"),
            "time_saved_known_count": sum(s["estimated_time_saved_minutes"] is not None for s in group),
            "artifacts_created": known(group, "artifacts_created"),
            "decisions_made": known(group, "decisions_made"),
            "knowledge_filed": known(group, "knowledge_filed"),
        }
        for name, group in groups(read(yours(history, window)), business).items()
    ]
    return sorted(rows, key=lambda row: (row["business"] is None, -row["read_count"], row["business"] or ""))


COUNTED: dict[str, Recount] = {
    "summary": _summary,
    "attention_by_business": _attention_by_business,
    "priority_alignment": _priority_alignment,
    "priority_shares": _by_facet("priority_matched"),
    "workflow_mix": _by_facet("workflow_type"),
    "outcomes": _outcomes,
    "friction_origin": _friction_origin,
    "relationship_pulse": _relationship_pulse,
    "value_by_business": _value_by_business,
}
