"""The same figures once more in plain Python, on random rows: SQL and Python must agree on every one."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from session_insights.store.database import Connection
from session_insights.store.figures import load_rows
from session_insights.windows import Window
from tests.sql.given import insert_rows
from tests.sql.history import Row, day_of, histories, tables_of

WINDOW = Window(date(2026, 11, 15), date(2026, 11, 22))

agree = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(history=histories)
@agree
def test_python_counts_the_same_from_the_same_rows(history: list[Row], case_connection: Connection) -> None:
    with case_connection.transaction(force_rollback=True):
        insert_rows(case_connection, tables_of(history))
        for name, compute in COMPUTED.items():
            assert load_rows(case_connection, name, WINDOW) == _approximately(compute(history)), name


@given(history=histories)
@agree
def test_the_last_week_of_eight_is_the_window(history: list[Row], case_connection: Connection) -> None:
    with case_connection.transaction(force_rollback=True):
        insert_rows(case_connection, tables_of(history))
        [summary] = load_rows(case_connection, "summary", WINDOW)
        week = load_rows(case_connection, "summary_by_week", WINDOW)[-1]
        assert week == {"week_start": "2026-11-15", **summary}
        contacts = load_rows(case_connection, "relationship_pulse", WINDOW)
        by_week = load_rows(case_connection, "people_by_week", WINDOW)
        last = {row["person"]: row["contact_count"] for row in by_week if row["week_start"] == "2026-11-15"}
        assert last == {row["person"]: row["contact_count"] for row in contacts}


def _yours(history: list[Row], window: Window = WINDOW) -> list[Row]:
    """Your sessions of a window: what they did in it, and their facet, {} when unread."""
    found = []
    for session in history:
        inside = [
            day
            for offset, day in enumerate(session["days"])
            if day is not None and window.start <= day_of(session, offset) < window.end
        ]
        large_enough = session["human_prompt_count"] >= 2 or session["active_minutes"] >= 1
        spoken = sum(day["human_prompt_count"] for day in inside) > 0
        if session["category"] == "human" and large_enough and spoken:
            found.append({"days": inside, "is_read": session["facet"] is not None, **(session["facet"] or {})})
    return found


def _total(found: list[Row], column: str) -> float:
    return sum(day[column] for session in found for day in session["days"])


def _known(found: list[Row], column: str) -> int | None:
    values = [session[column] for session in found if session.get(column) is not None]
    return sum(values) if values or not found else None


def _cost(found: list[Row]) -> float | None:
    prices = [day["cost_usd"] for session in found for day in session["days"] if day["cost_usd"] is not None]
    return sum(prices) if prices or not _total(found, "unpriced_message_count") else None


def _tokens(found: list[Row]) -> float:
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    return sum(_total(found, kind) for kind in kinds)


def _contacts(found: list[Row]) -> list[str]:
    return [person for session in found for person in set(session.get("people_mentioned") or [])]


def _business(session: Row) -> str | None:
    return next(iter(session.get("businesses") or []), None)


def _groups(found: list[Row], key: Any) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for session in found:
        groups[key(session)].append(session)
    return groups


def _read(found: list[Row]) -> list[Row]:
    return [session for session in found if session["is_read"]]


def _summary(history: list[Row]) -> list[Row]:
    found = _yours(history)
    contacts = _contacts(found)
    outcomes = [session.get("outcome") for session in found]
    sums = (
        "active_minutes", "human_prompt_count", "input_tokens", "output_tokens", "cache_read_tokens",
        "cache_write_tokens", "unpriced_message_count", "unfinished_message_count",
    )  # fmt: skip
    return [
        {
            "session_count": len(found),
            "read_count": len(_read(found)),
            "total_tokens": _tokens(found),
            "cost_usd": _cost(found),
            "reached_count": sum(outcome in ("fully_achieved", "mostly_achieved") for outcome in outcomes),
            "judged_count": sum(outcome not in (None, "unclear_from_transcript") for outcome in outcomes),
            "course_corrections": _known(found, "course_corrections"),
            "time_saved_minutes": _known(found, "estimated_time_saved_minutes"),
            "time_saved_known_count": sum(s.get("estimated_time_saved_minutes") is not None for s in found),
            "artifacts_created": _known(found, "artifacts_created"),
            "decisions_made": _known(found, "decisions_made"),
            "knowledge_filed": _known(found, "knowledge_filed"),
            "people_count": len(set(contacts)),
            "contact_count": len(contacts),
            "priority_minutes": _total([s for s in found if s.get("priority_matched")], "active_minutes"),
            "read_minutes": _total(_read(found), "active_minutes"),
            **{column: _total(found, column) for column in sums},
        }
    ]


def _attention_by_business(history: list[Row]) -> list[Row]:
    rows = [
        {
            "business": business,
            "session_count": len(group),
            "active_minutes": _total(group, "active_minutes"),
            "total_tokens": _tokens(group),
            "cost_usd": _cost(group),
        }
        for business, group in _groups(_yours(history), _business).items()
    ]
    return _sorted_by_minutes(rows, "business")


def _by_facet(column: str) -> Any:
    def compute(history: list[Row]) -> list[Row]:
        rows = [
            {column: value, "session_count": len(group), "active_minutes": _total(group, "active_minutes")}
            for value, group in _groups(_read(_yours(history)), lambda session: session[column]).items()
        ]
        return _sorted_by_minutes(rows, column)

    return compute


def _sorted_by_minutes(rows: list[Row], key: str) -> list[Row]:
    return sorted(rows, key=lambda row: (row[key] is None, -row["active_minutes"], row[key] or ""))


def _outcomes(history: list[Row]) -> list[Row]:
    order = ["fully_achieved", "mostly_achieved", "partially_achieved", "not_achieved", "unclear_from_transcript", None]
    groups = _groups(_read(_yours(history)), lambda session: session["outcome"])
    return [{"outcome": outcome, "session_count": len(groups[outcome])} for outcome in order if outcome in groups]


def _friction_by_week(history: list[Row]) -> list[Row]:
    rows = []
    for number in range(8, 0, -1):
        start = WINDOW.end - timedelta(days=7 * number)
        found = _yours(history, Window(start, start + timedelta(days=7)))
        rows.append(
            {
                "week_start": start.isoformat(),
                "read_count": len(_read(found)),
                "course_corrections": _known(found, "course_corrections"),
                "mcp_failures": _known(found, "mcp_failures"),
                "retry_loops": _known(found, "retry_loops"),
                "cut_short_count": sum(bool(session.get("session_cut_short")) for session in found),
            }
        )
    return rows


def _friction_origin(history: list[Row]) -> list[Row]:
    points: dict[str, list[int]] = defaultdict(list)
    for session in _yours(history):
        for kind, number in (session.get("friction_counts") or {}).items():
            if number:
                points[kind].append(number)
    rows = [
        {"friction_kind": kind, "point_count": sum(numbers), "session_count": len(numbers)}
        for kind, numbers in points.items()
    ]
    return sorted(rows, key=lambda row: (-row["point_count"], -row["session_count"], row["friction_kind"]))


def _relationship_pulse(history: list[Row]) -> list[Row]:
    found = _yours(history)
    rows = []
    for person in set(_contacts(found)):
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


def _value_by_business(history: list[Row]) -> list[Row]:
    rows = [
        {
            "business": business,
            "read_count": len(group),
            "time_saved_minutes": _known(group, "estimated_time_saved_minutes"),
            "time_saved_known_count": sum(s["estimated_time_saved_minutes"] is not None for s in group),
            "artifacts_created": _known(group, "artifacts_created"),
            "decisions_made": _known(group, "decisions_made"),
            "knowledge_filed": _known(group, "knowledge_filed"),
        }
        for business, group in _groups(_read(_yours(history)), _business).items()
    ]
    return sorted(rows, key=lambda row: (row["business"] is None, -row["read_count"], row["business"] or ""))


COMPUTED = {
    "summary": _summary,
    "attention_by_business": _attention_by_business,
    "priority_shares": _by_facet("priority_matched"),
    "workflow_mix": _by_facet("workflow_type"),
    "outcomes": _outcomes,
    "friction_by_week": _friction_by_week,
    "friction_origin": _friction_origin,
    "relationship_pulse": _relationship_pulse,
    "value_by_business": _value_by_business,
}


def _approximately(rows: list[Row]) -> list[Row]:
    return [
        {name: pytest.approx(value, abs=1e-9) if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
    ]
