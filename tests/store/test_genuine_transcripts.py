"""Genuine transcripts of five CLI versions against figures that an independent reader computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.helpers import sync_folder

HERE = Path(__file__).parent.parent / "transcripts"
VERSIONS = sorted(path.stem for path in (HERE / "expected").glob("*.json"))

# expected's name → ours
FIGURES = {
    "human_total": "human_prompt_count",
    "api_messages": "message_count",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_creation_tokens": "cache_write_tokens",
    "active_minutes": "active_minutes",
    "compactions": "compaction_count",
    "interruptions": "interruption_count",
    "rejections_by_human": "rejection_count",
    "api_errors": "api_error_count",
    "mcp_calls": "mcp_call_count",
    "mcp_errors": "mcp_error_count",
    "lines_added": "lines_added",
    "lines_removed": "lines_removed",
    "tool_errors_strict": "tool_error_count",
    "skills_used": "skill_count",
    "pr_links": "pull_request_count",
    "files_touched": "file_count",
    "slash_commands": "slash_command_count",
}
# Every other name is counted as "other" there.
TOOLS = {
    *("Agent", "Bash", "Edit", "Glob", "Grep", "NotebookEdit", "Read", "Skill"),
    *("Task", "TaskCreate", "TaskList", "TaskUpdate", "TodoWrite", "WebFetch", "WebSearch", "Write"),
}

OURS = """
select
    session.*,
    jsonb_array_length(session.skills_used) as skill_count,
    jsonb_array_length(session.pr_urls) as pull_request_count,
    (select count(*) from jsonb_object_keys(session.files_touched)) as file_count,
    (
        select count(*) from insights.session_entries as entry
        where entry.session_id = session.id and entry.kind = 'command' and not entry.is_copied
            and entry.text not like '!%'
    ) as slash_command_count
from insights.claude_sessions as session
"""


def load_expected(version: str) -> dict[str, Any]:
    return json.loads((HERE / "expected" / f"{version}.json").read_text())


@pytest.fixture
def ours(connection: Connection, request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    sync_folder(connection, HERE / request.param / "projects")
    return {row["id"]: row for row in execute(connection, OURS)}


def total(value: Any) -> float:
    return sum(value.values()) if isinstance(value, dict) else value


def is_within(actual: float, figures: dict[str, Any], name: str) -> bool:
    low, high = figures.get("range", {}).get(name, [total(figures.get(name, 0))] * 2)
    slack = 0.0011 if name == "active_minutes" else 0
    return low - slack <= actual <= high + slack


@pytest.mark.parametrize(("version", "ours"), [(v, v) for v in VERSIONS], indirect=["ours"])
def test_every_session_has_the_figures_that_an_independent_reader_found(
    version: str, ours: dict[str, dict[str, Any]]
) -> None:
    expected = load_expected(version)["sessions"]
    wrong = [
        f"{session_id} {name}: {ours[session_id][column]}, expected {total(figures.get(name, 0))}"
        for session_id, figures in expected.items()
        for name, column in FIGURES.items()
        if not is_within(ours[session_id][column], figures, name)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("version", "ours"), [(v, v) for v in VERSIONS], indirect=["ours"])
def test_the_sessions_are_those_of_the_files_and_no_ghosts(version: str, ours: dict[str, dict[str, Any]]) -> None:
    expected = load_expected(version)["sessions"]
    assert {name for name, row in ours.items() if row["parent_session_id"] is None} == set(expected)


@pytest.mark.parametrize(("version", "ours"), [(v, v) for v in VERSIONS], indirect=["ours"])
def test_totals_do_not_depend_on_who_owns_shared_history(version: str, ours: dict[str, dict[str, Any]]) -> None:
    totals = load_expected(version)["totals"]
    own = [row for row in ours.values() if row["parent_session_id"] is None]
    agents = [row for row in ours.values() if row["category"] == "subagent"]
    tokens = ("input_tokens", "output_tokens", "cache_read_tokens")
    assert {name: sum(row[name] for row in own) for name in tokens} == {name: totals[name] for name in tokens}
    assert sum(row["message_count"] for row in own) == totals["api_messages"]
    assert sum(row["human_prompt_count"] for row in own) == totals["human_total"]
    assert {name: sum(row[name] for row in agents) for name in tokens} == {
        name: totals["subagents"][name] for name in tokens
    }
    assert len(agents) == totals["sub_agent_transcripts"]
    assert len([row for row in ours.values() if row["category"] == "warmup"]) == totals["warmup"].get("agents", 0)


@pytest.mark.parametrize(("version", "ours"), [(v, v) for v in VERSIONS], indirect=["ours"])
def test_tool_calls_are_counted_by_name(version: str, ours: dict[str, dict[str, Any]]) -> None:
    for session_id, figures in load_expected(version)["sessions"].items():
        counted: dict[str, int] = {}
        for tool, calls in ours[session_id]["tools_used"].items():
            name = tool if tool in TOOLS else "mcp" if tool.startswith("mcp__") else "other"
            counted[name] = counted.get(name, 0) + calls
        assert counted == figures.get("tool_calls", {}), session_id


@pytest.mark.parametrize(("version", "ours"), [(v, v) for v in VERSIONS], indirect=["ours"])
def test_who_started_a_session_and_when_is_what_the_format_says(version: str, ours: dict[str, dict[str, Any]]) -> None:
    for session_id, figures in load_expected(version)["sessions"].items():
        row = ours[session_id]
        assert (row["initiated_by"] or "unknown") in figures["initiated_by_allowed"], session_id
        if figures.get("owner_is_a_tie_break"):
            continue
        first, last = (row[name].isoformat(timespec="milliseconds")[:23] for name in ("started_at", "ended_at"))
        ranges = figures.get("range", {})
        low, high = ranges.get("first_timestamp", [figures["first_timestamp"]] * 2)
        assert low[:23] <= first <= high[:23], session_id
        low, high = ranges.get("last_timestamp", [figures["last_timestamp"]] * 2)
        assert low[:23] <= last <= high[:23], session_id
