"""One session that has just ended: found by its name, with its sub-agents, and read by the usual rules but one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from session_insights.errors import SettingsError
from session_insights.locations import S3Address
from session_insights.settings import Settings, Source, find_sources, load_settings
from session_insights.stages import arrival, extraction
from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.object_store import ObjectStore
from tests.helpers import sample_profile

GENUINE = Path(__file__).parent.parent / "transcripts" / "v2.1.330" / "projects"
PROJECT = "-home-dev-work-p1"
WITH_AGENTS = "44444444-4444-4444-8444-444444444445"


def arrive(connection: Connection, sources: list[Source], name: str, **given: Any) -> dict[str, Any]:
    return arrival.sync_session(connection, sources, name, profile=sample_profile(), settings=Settings(), **given)


def ids(connection: Connection) -> list[str]:
    return [row["id"] for row in execute(connection, "select id from insights.claude_sessions order by id")]


def test_a_session_arrives_with_its_sub_agents_and_brings_no_other(connection: Connection) -> None:
    counts = arrive(connection, [("laptop", GENUINE)], f"{PROJECT}/{WITH_AGENTS}.jsonl")
    assert (counts["session_id"], counts["read_count"], counts["failed_count"]) == (WITH_AGENTS, 3, 0)
    assert [session.partition("/")[0] for session in ids(connection)] == [WITH_AGENTS] * 3


def test_it_arrives_from_a_bucket_as_from_a_folder(connection: Connection, object_store: ObjectStore) -> None:
    object_store.make_bucket("team")
    for path in GENUINE.rglob("*"):
        if path.is_file() and path.suffix in (".jsonl", ".json"):
            object_store.put("team", f"alex/{path.relative_to(GENUINE)}", path.read_bytes())
    source: Source = ("laptop", S3Address("team", "alex"))
    assert arrive(connection, [source], f"{PROJECT}/{WITH_AGENTS}.jsonl")["read_count"] == 3
    assert [session.partition("/")[0] for session in ids(connection)] == [WITH_AGENTS] * 3


def test_it_arrives_again_without_a_change(connection: Connection) -> None:
    for _ in range(2):
        counts = arrive(connection, [("laptop", GENUINE)], f"{PROJECT}/{WITH_AGENTS}.jsonl")
    assert counts["session_count"] == 0
    assert len(ids(connection)) == 3


def test_only_the_folders_of_its_machine_are_looked_into(connection: Connection, tmp_path: Path) -> None:
    sources: list[Source] = [("desk", Path(shutil.copytree(GENUINE, tmp_path / "desk"))), ("laptop", GENUINE)]
    arrive(connection, sources, f"{PROJECT}/{WITH_AGENTS}.jsonl", machine="desk")
    machines = execute(connection, "select distinct machine from insights.transcript_files")
    assert machines == [{"machine": "desk"}]


@pytest.mark.parametrize(
    "name",
    [
        *("../p/x.jsonl", "/etc/passwd", "..//x.jsonl", "../x.jsonl", "p/x.txt", "p/q/x.jsonl", "p/x.jsonl\n"),
        *("p\x00/x.jsonl", "tool-results/x.jsonl", "p/.jsonl", ""),
    ],
)
def test_what_is_no_name_of_a_transcript_is_refused(connection: Connection, name: str) -> None:
    with pytest.raises(SettingsError, match=r"is not project-folder/session-id\.jsonl"):
        arrive(connection, [("laptop", GENUINE)], name)


def test_a_machine_that_sends_nothing_is_named(connection: Connection) -> None:
    with pytest.raises(SettingsError, match="machine: 'phone' is none of SESSION_INSIGHTS_SOURCES"):
        arrive(connection, [("laptop", GENUINE)], f"{PROJECT}/x.jsonl", machine="phone")


def test_a_transcript_that_is_still_on_its_way_is_worth_another_try(connection: Connection) -> None:
    with pytest.raises(arrival.NotArrived, match=f"not below {GENUINE}; has it been sent"):
        arrive(connection, [("laptop", GENUINE)], f"{PROJECT}/not-here.jsonl")


def test_a_project_folder_that_is_a_link_leads_nowhere(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / PROJECT).symlink_to(GENUINE / PROJECT)
    with pytest.raises(arrival.NotArrived):
        arrive(connection, [("laptop", tmp_path / "projects")], f"{PROJECT}/{WITH_AGENTS}.jsonl")


def write_now(root: Path, session_id: str, *prompts: str, **more: Any) -> str:
    turns = [record for prompt in prompts for record in (user(prompt, **more), assistant("Here it is."))]
    path = write_transcript(root, transcript(*turns, session_id=session_id, start=datetime.now(UTC), seconds=0))
    return f"{path.parent.name}/{path.name}"


def due(connection: Connection, **given: Any) -> list[str]:
    place: dict[str, Any] = {"settings": Settings(reader="offline"), "profile": sample_profile(), "claude": None}
    return [session.session_id for session in extraction.select_sessions(connection, {}, **place, **given)]


def test_a_session_that_has_ended_is_read_without_waiting_until_it_is_quiet(
    connection: Connection, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        arrive(connection, [("laptop", tmp_path)], write_now(tmp_path, name, "draft a mail", "shorter, please"))
    assert due(connection) == []
    assert due(connection, ended_id="one") == ["one"]


def test_every_other_rule_holds_for_it(connection: Connection, tmp_path: Path) -> None:
    arrive(connection, [("laptop", tmp_path)], write_now(tmp_path, "tiny", "hello"))
    assert due(connection, ended_id="tiny") == []
    assert due(connection, ended_id="nobody") == []


def test_a_star_is_each_machine_that_has_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_SOURCES", f"*={tmp_path}, desk=/data/desk")
    assert find_sources(load_settings()) == [(tmp_path.name, tmp_path), ("desk", Path("/data/desk"))]
    for name in ("laptop", "studio"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "note.txt").touch()
    assert find_sources(load_settings()) == [
        ("laptop", tmp_path / "laptop"),
        ("studio", tmp_path / "studio"),
        ("desk", Path("/data/desk")),
    ]


def test_a_star_needs_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_SOURCES", "*=s3://team/transcripts")
    with pytest.raises(SettingsError, match="name each machine"):
        find_sources(load_settings())
