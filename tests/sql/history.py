"""Random histories of sessions, and their rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.sql.given import Tables

Row = dict[str, Any]
FIRST_DAY = date(2026, 9, 25)
DAYS = 60
ZONE = ZoneInfo("America/New_York")  # clocks go back on 1 November

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
        "extraction_model": st.sampled_from(["offline", "claude-haiku-5-5"]),
        "prompt_version": st.integers(1, 2),
        "corrected": st.dictionaries(
            st.sampled_from(["outcome", "businesses"]), st.just({"value": None, "evidence": []}), max_size=2
        ),
    }
)
# A day's edges and its middle, in local time: 00:00 and 23:59 are where a wrong time zone shows.
moments = st.sampled_from([time(0, 0), time(12, 0), time(23, 59)])
entries = st.fixed_dictionaries(
    {
        "day": st.integers(0, 3),
        "clock": moments,
        "kind": st.sampled_from(["tool", "tool_error", "rejection", "prompt", "api_error", "interruption"]),
        "tool": st.sampled_from([None, "Bash", "mcp__mail__send", "mcp__mail__list", "mcp__files__read"]),
        "is_copied": st.booleans(),
    }
)
messages = st.fixed_dictionaries(
    {
        "day": st.integers(0, 3),
        "clock": moments,
        "model": st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", "own-model"]),
        "input_tokens": st.integers(0, 9),
        "output_tokens": st.integers(0, 9),
        "cache_read_tokens": st.integers(0, 9),
        "cache_write_5m_tokens": st.integers(0, 9),
        "cache_write_1h_tokens": st.integers(0, 9),
        "cost_usd": dollars,
        "is_final": st.booleans(),
        "is_owner": st.booleans(),
    }
)
attempts = st.fixed_dictionaries(
    {"state": st.sampled_from(["ok", "failed", "refused", "skipped", "dry_run"]), "cost_usd": dollars}
)
sessions = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["human", "human", "human", "human", "automated", "stub"]),
        "human_prompt_count": st.integers(0, 4),
        "active_minutes": st.sampled_from([0.5, 1.0, 30.0]),
        "first_day": st.integers(0, DAYS - 4) | st.integers(DAYS - 12, DAYS - 4),
        "days": st.lists(st.none() | days, min_size=1, max_size=4),
        "facet": st.none() | facets,
        "skills_used": st.lists(st.sampled_from(["compose", "digest", "invoice"]), max_size=2, unique=True),
        "initiated_by": st.sampled_from([None, "scheduled-job", "webhook"]),
        "entries": st.lists(entries, max_size=4),
        "messages": st.lists(messages, max_size=3),
        "attempts": st.lists(attempts, max_size=2),
    }
)
histories = st.lists(sessions, max_size=4) | st.lists(sessions, min_size=8, max_size=16)


def tables_of(history: list[Row]) -> Tables:
    """The rows of a history, for `insert_rows`."""
    tables: Tables = defaultdict(list)
    for number, session in enumerate(history):
        key = {"session_id": f"session-{number:02d}"}
        columns = session_columns(session)
        kept = ("category", "human_prompt_count", "active_minutes", "skills_used", "initiated_by")
        tables["claude_sessions"].append(
            {
                "id": key["session_id"],
                "started_at": columns["started_at"],
                "skills_used": sorted(session["skills_used"]),
                "ends_in_error": ends_in_error(session),
                **{name: session[name] for name in kept if name != "skills_used"},
            }
        )
        for day in columns["dated"]:
            values = {name: value for name, value in day.items() if name != "date"}
            tables["session_days"].append({**key, "activity_date": day["date"], **values})
        if session["facet"] is not None:
            tables["session_facets"].append({**key, **session["facet"]})
        for table in ("entries", "messages"):
            for row in session[table]:
                values = {name: value for name, value in row.items() if name not in ("day", "clock")}
                tables[f"session_{table}"].append({**key, "at": columns["moments"](row), **values})
        for place, attempt in enumerate(session["attempts"]):
            attempted_at = columns["started_at"] + timedelta(hours=place)
            error = f"it {attempt['state']}"
            tables["facet_extractions"].append({**key, "attempted_at": attempted_at, "error": error, **attempt})
    return tables


def ends_in_error(session: Row) -> bool:
    own = [entry for entry in session["entries"] if not entry["is_copied"]]
    return bool(own) and own[-1]["kind"] in ("api_error", "interruption")


def session_columns(session: Row) -> Row:
    """What follows from a session: when it started, its days with their dates, and when something of it happened."""
    start = day_of(session, 0)
    return {
        "started_at": datetime.combine(start, time(17), UTC),
        "dated": [
            {**day, "date": day_of(session, offset)} for offset, day in enumerate(session["days"]) if day is not None
        ],
        "moments": lambda row: datetime.combine(day_of(session, row["day"]), row["clock"], ZONE).astimezone(UTC),
    }


def day_of(session: Row, offset: int) -> date:
    """The local date of a session's nth day."""
    return FIRST_DAY + timedelta(days=session["first_day"] + offset)


def local_date(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()
