"""Sub-agents in every layout, once each, whatever arrives first: transcript-format §1, §10.7 and §10.11."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.building import Record, assistant, result, transcript, user, write_transcript
from tests.helpers import sync_folder

SUBAGENTS = "-home-alex-work-shop/main/subagents"
START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def agent_records(*, lines: int = 2, **more: Any) -> list[Record]:
    """A sub-agent's own file: one prompt, then messages of 50 output tokens."""
    replies = [assistant(f"found {n}", message_id=f"agent-{n}", output_tokens=50) for n in range(lines)]
    made = transcript(user("look"), *replies, session_id="main", start=START)
    return [{**record, "uuid": f"a{n}", "isSidechain": True, **more} for n, record in enumerate(made)]


def main_records(*, copied: int = 0) -> list[Record]:
    """The session that started it; `copied` of the sub-agent's records stand in it as progress lines too."""
    inner = [{key: r[key] for key in ("type", "message", "uuid", "timestamp")} for r in agent_records()[:copied]]
    progress: list[Record] = [
        {"type": "progress", "data": {"type": "agent_progress", "agentId": "a1", "message": record}} for record in inner
    ]
    return transcript(
        user("go"),
        assistant(tool="Task", call="c", message_id="main-1"),
        *progress,
        result("c"),
        assistant(message_id="main-2"),
        session_id="main",
        start=START,
    )


def sessions(connection: Connection) -> dict[str, tuple[str | None, int, int]]:
    """Session → (parent, messages, output tokens)."""
    rows = execute(
        connection, "select id, parent_session_id, message_count, output_tokens from insights.claude_sessions"
    )
    return {row["id"]: (row["parent_session_id"], row["message_count"], row["output_tokens"]) for row in rows}


@pytest.mark.parametrize("layout", ["folder", "workflow", "flat", "inline"])
def test_a_sub_agent_is_a_session_with_a_parent_in_every_layout(
    connection: Connection, tmp_path: Path, layout: str
) -> None:
    main, agent = main_records(), agent_records(agentId="a1")
    if layout == "inline":
        main = [*main[:2], *agent, *main[2:]]
    elif layout == "flat":
        write_transcript(tmp_path, agent, name="agent-a1")
    else:
        folder = SUBAGENTS if layout == "folder" else f"{SUBAGENTS}/workflows/wf_1"
        write_transcript(tmp_path, agent, name="agent-a1", project=folder)
        journal = [{"type": "started"}, {"type": "result"}]
        write_transcript(tmp_path, journal, name="journal", project=folder)
    write_transcript(tmp_path, main)
    sync_folder(connection, tmp_path)
    assert sessions(connection) == {"main": (None, 2, 20), "main/agent-a1": ("main", 2, 100)}


def test_progress_lines_count_when_they_are_all_that_is_left_of_a_sub_agent(
    connection: Connection, tmp_path: Path
) -> None:
    write_transcript(tmp_path, main_records(copied=2))
    sync_folder(connection, tmp_path)
    assert sessions(connection) == {"main": (None, 2, 20), "main/agent-a1": ("main", 1, 50)}
    [row] = execute(connection, "select project, category from insights.claude_sessions where id = 'main/agent-a1'")
    assert row == {"project": "shop", "category": "subagent"}


@pytest.mark.parametrize("order", [("main", "agent"), ("agent", "main"), ("both",)])
def test_a_sub_agents_own_file_wins_over_progress_lines_whichever_comes_first(
    connection: Connection, tmp_path: Path, order: tuple[str, ...]
) -> None:
    for arriving in order:
        if arriving in ("main", "both"):
            write_transcript(tmp_path, main_records(copied=2))
        if arriving in ("agent", "both"):
            write_transcript(tmp_path, agent_records(), name="agent-a1", project=SUBAGENTS)
        sync_folder(connection, tmp_path)
    assert sessions(connection) == {"main": (None, 2, 20), "main/agent-a1": ("main", 2, 100)}


def test_a_sub_agent_whose_file_is_empty_is_kept_from_its_progress_lines(
    connection: Connection, tmp_path: Path
) -> None:
    write_transcript(tmp_path, main_records(copied=2))
    write_transcript(tmp_path, [], name="agent-a1", project=SUBAGENTS)
    sync_folder(connection, tmp_path)
    assert sessions(connection)["main/agent-a1"] == ("main", 1, 50)


def test_the_type_of_a_sub_agent_is_found_though_its_file_comes_later(connection: Connection, tmp_path: Path) -> None:
    path = write_transcript(tmp_path, agent_records(), name="agent-a1", project=SUBAGENTS)
    sync_folder(connection, tmp_path)
    path.with_suffix(".meta.json").write_text(json.dumps({"agentType": "Explore"}))
    assert sync_folder(connection, tmp_path)["read_count"] == 1
    assert execute(connection, "select agent_type from insights.claude_sessions") == [{"agent_type": "Explore"}]
    assert sync_folder(connection, tmp_path)["read_count"] == 0


def test_a_warm_up_agent_under_the_id_of_an_empty_file_makes_no_session(connection: Connection, tmp_path: Path) -> None:
    write_transcript(tmp_path, [], name="main")
    warmup = transcript(user("Warmup"), assistant(), session_id="main")
    write_transcript(tmp_path, [{**record, "isSidechain": True} for record in warmup], name="agent-a1")
    sync_folder(connection, tmp_path)
    rows = execute(connection, "select id, category from insights.claude_sessions")
    assert rows == [{"id": "main/agent-a1", "category": "warmup"}]
    assert execute(connection, "select 1 from insights.session_days") == []


def test_stray_records_of_another_session_make_no_ghost(connection: Connection, tmp_path: Path) -> None:
    stray = transcript(user("elsewhere"), session_id="ghost", cwd="/home/alex/ghost")
    write_transcript(tmp_path, [*stray, *main_records()], name="main")
    sync_folder(connection, tmp_path)
    assert sessions(connection) == {"main": (None, 2, 20)}
    [row] = execute(connection, "select cwd from insights.claude_sessions")
    assert row["cwd"] == "/home/alex/work/shop"


def test_a_commit_of_a_sub_agent_is_its_own(connection: Connection, tmp_path: Path) -> None:
    call = assistant(tool="Bash", call="c", given={"command": "git commit -m a"})
    agent = transcript(user("commit"), call, result("c", "[main 1a2b3c4] a"), session_id="main")
    write_transcript(tmp_path, main_records())
    write_transcript(tmp_path, agent, name="agent-a1", project=SUBAGENTS)
    sync_folder(connection, tmp_path)
    rows = execute(connection, "select id, commit_count from insights.claude_sessions order by id")
    assert [tuple(row.values()) for row in rows] == [("main", 0), ("main/agent-a1", 1)]


def test_absurd_ids_and_names_do_not_stop_a_sync(connection: Connection, tmp_path: Path) -> None:
    records = transcript(
        user("go", uuid="u" * 9000, cwd="/" + "x" * 9000, gitBranch="b" * 9000, version="9" * 9000),
        assistant(message_id="m" * 9000, model="x" * 9000),
        assistant(tool="t" * 9000, call="c" * 9000, given={"file_path": "/" + "f" * 9000}),
        result("c" * 9000),
        assistant(tool='a"b>\n\x00\ud800', given={"file_path": ["x"]}),
    )
    write_transcript(tmp_path, records, name="long")
    write_transcript(tmp_path, main_records())
    assert sync_folder(connection, tmp_path)["read_count"] == 2
    assert set(sessions(connection)) == {"long", "main"}


@pytest.mark.parametrize("layout", ["inline", "progress"])
def test_a_sub_agent_goes_with_the_lines_it_stood_in(connection: Connection, tmp_path: Path, layout: str) -> None:
    main = main_records()
    inside = [*main[:2], *agent_records(agentId="a1"), *main[2:]] if layout == "inline" else main_records(copied=2)
    write_transcript(tmp_path, inside)
    write_transcript(tmp_path, agent_records(agentId="b2"), name="agent-b2", project=SUBAGENTS)
    sync_folder(connection, tmp_path)
    assert set(sessions(connection)) == {"main", "main/agent-a1", "main/agent-b2"}
    write_transcript(tmp_path, main)
    sync_folder(connection, tmp_path)
    assert set(sessions(connection)) == {"main", "main/agent-b2"}, "one with a file of its own stays"
    [owned] = execute(connection, "select count(*)::int as n from insights.session_messages where is_owner")
    [day] = execute(connection, "select output_tokens from insights.session_days")
    assert (owned["n"], day["output_tokens"]) == (4, 20 + 100)


def test_a_file_that_was_emptied_takes_no_session_with_it(connection: Connection, tmp_path: Path) -> None:
    path = write_transcript(tmp_path, main_records(copied=2))
    sync_folder(connection, tmp_path)
    before = sessions(connection)
    path.write_bytes(b"")
    write_transcript(tmp_path, agent_records(agentId="b2"), name="agent-b2", project=SUBAGENTS)
    sync_folder(connection, tmp_path)
    assert set(sessions(connection)) == {*before, "main/agent-b2"}
