"""Random histories of sessions, and their rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.sql.given import Tables

Row = dict[str, Any]
FIRST_DAY = date(2026, 9, 25)
DAYS = 60

counts = st.none() | st.integers(0, 3)
dollars = st.none() | st.integers(0, 10_000).map(lambda number: number / 10_000)
days = st.fixed_dictionaries(
    {
        "human_prompt_count": st.integers(0, 3),
        "active_minutes": st.integers(0, 200).map(lambda number: number / 4),
        "input_tokens": st.integers(0, 9),
        "output_tokens": st.integers(0, 99),
        "cache_read_tokens": st.integers(0, 999),
        "cache_write_tokens": st.integers(0, 99),
        "cost_usd": dollars,
        "unpriced_message_count": st.integers(0, 2),
        "unfinished_message_count": st.integers(0, 2),
    }
)
facets = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(
            [None, "fully_achieved", "mostly_achieved", "not_achieved", "unclear_from_transcript"]
        ),
        "businesses": st.none() | st.lists(st.sampled_from(["shop", "studio", "system"]), max_size=3),
        "priority_alignment": st.sampled_from([None, "aligned", "supportive", "neutral", "drift"]),
        "priority_matched": st.sampled_from([None, "growing", "partnerships"]),
        "workflow_type": st.sampled_from([None, "email", "research", "debugging"]),
        "people_mentioned": st.none() | st.lists(st.sampled_from(["Amy", "Maya", "Sam"]), max_size=4),
        "outreach_type": st.sampled_from([None, "proactive", "reactive", "none"]),
        "skills_missed": st.none() | st.lists(st.sampled_from(["compose", "file-this"]), max_size=3),
        "friction_counts": st.none()
        | st.dictionaries(st.sampled_from(["buggy_code", "no_results"]), st.integers(0, 3)),
        "course_corrections": counts,
        "mcp_failures": counts,
        "retry_loops": counts,
        "session_cut_short": st.none() | st.booleans(),
        "estimated_time_saved_minutes": counts,
        "artifacts_created": counts,
        "decisions_made": counts,
        "knowledge_filed": counts,
    }
)
sessions = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["human", "human", "human", "human", "automated", "stub"]),
        "human_prompt_count": st.integers(0, 4),
        "active_minutes": st.sampled_from([0.5, 1.0, 30.0]),
        "first_day": st.integers(0, DAYS - 4) | st.integers(DAYS - 12, DAYS - 4),
        "days": st.lists(st.none() | days, min_size=1, max_size=4),
        "facet": st.none() | facets,
    }
)
histories = st.lists(sessions, max_size=4) | st.lists(sessions, min_size=8, max_size=16)


def tables_of(history: list[Row]) -> Tables:
    """The rows of a history, for `insert_rows`."""
    tables: Tables = {"claude_sessions": [], "session_days": [], "session_facets": []}
    for number, session in enumerate(history):
        session_id = f"session-{number:02d}"
        started_at = datetime.combine(day_of(session, 0), time(17), UTC)
        columns = {name: session[name] for name in ("category", "human_prompt_count", "active_minutes")}
        tables["claude_sessions"].append({"id": session_id, "started_at": started_at, **columns})
        for offset, day in enumerate(session["days"]):
            if day is not None:
                tables["session_days"].append(
                    {"session_id": session_id, "activity_date": day_of(session, offset), **day}
                )
        if session["facet"] is not None:
            tables["session_facets"].append({"session_id": session_id, **session["facet"]})
    return tables


def day_of(session: Row, offset: int) -> date:
    """The local date of a session's nth day."""
    return FIRST_DAY + timedelta(days=session["first_day"] + offset)
