"""Branches, rewinds, /clear and equal copies: transcript-format §6 and §10.10."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from session_insights.store.database import Connection, execute
from tests.building import Record, assistant, transcript, user, write_transcript
from tests.helpers import sync_folder

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def turns(session_id: str, *ids: str, start: datetime = START) -> list[Record]:
    """One prompt and one reply an id."""
    made = itertools.chain.from_iterable(
        (user(f"ask {name}", uuid=f"u-{name}"), assistant(name, message_id=name, uuid=f"a-{name}")) for name in ids
    )
    return transcript(*made, session_id=session_id, start=start)


def counted(connection: Connection) -> dict[str, tuple[int, int, str | None]]:
    """Session → (prompts, messages, resumed from)."""
    rows = execute(
        connection, "select id, human_prompt_count, message_count, resumed_from from insights.claude_sessions"
    )
    return {row["id"]: (row["human_prompt_count"], row["message_count"], row["resumed_from"]) for row in rows}


@pytest.mark.parametrize("order", list(itertools.permutations(["main", "branch"])))
def test_a_branch_names_its_origin_and_counts_its_own_turns(
    connection: Connection, tmp_path: Path, order: tuple[str, ...]
) -> None:
    main = turns("main", "m1", "m2")
    copied = [{**record, "sessionId": "branch", "forkedFrom": {"sessionId": "main"}} for record in main[:2]]
    files = {"main": main, "branch": [*copied, *turns("branch", "b1", start=START + timedelta(hours=1))]}
    for name in order:
        write_transcript(tmp_path, files[name], name=name)
        sync_folder(connection, tmp_path)
    assert counted(connection) == {"main": (2, 2, None), "branch": (1, 1, "main")}


def test_a_branch_whose_origin_is_gone_counts_everything_and_still_names_it(
    connection: Connection, tmp_path: Path
) -> None:
    copied = [{**record, "forkedFrom": {"sessionId": "main"}} for record in turns("branch", "m1")]
    write_transcript(tmp_path, copied, name="branch")
    sync_folder(connection, tmp_path)
    assert counted(connection) == {"branch": (1, 1, "main")}


@pytest.mark.parametrize("order", list(itertools.permutations(["short", "long"])))
def test_copies_with_equal_times_belong_to_the_session_that_stopped_first(
    connection: Connection, tmp_path: Path, order: tuple[str, ...]
) -> None:
    copied = [{**record, "sessionId": "long"} for record in turns("short", "m1")]
    files = {
        "short": turns("short", "m1"),
        "long": [*copied, *turns("long", "m2", start=START + timedelta(hours=1))],
    }
    for name in order:
        write_transcript(tmp_path, files[name], name=name)
        sync_folder(connection, tmp_path)
    assert counted(connection) == {"short": (1, 1, None), "long": (1, 1, "short")}


def test_turns_that_were_rewound_were_paid_for_and_count(connection: Connection, tmp_path: Path) -> None:
    records = turns("main", "m1", "m2")
    records += turns("main", "m3", start=START + timedelta(hours=1))
    records[-2]["parentUuid"] = records[1]["uuid"]
    write_transcript(tmp_path, records)
    sync_folder(connection, tmp_path)
    assert counted(connection) == {"main": (3, 3, None)}


def test_a_session_after_clear_is_one_of_its_own(connection: Connection, tmp_path: Path) -> None:
    write_transcript(tmp_path, turns("before", "m1"))
    clear = user("<command-name>/clear</command-name>", uuid="c")
    after = [*transcript(clear, session_id="after"), *turns("after", "m2", start=START + timedelta(hours=1))]
    write_transcript(tmp_path, [{**record, "session_id": "before"} for record in after], name="after")
    sync_folder(connection, tmp_path)
    assert counted(connection) == {"before": (1, 1, None), "after": (1, 1, None)}


def test_the_same_session_from_two_machines_is_one(connection: Connection, tmp_path: Path) -> None:
    write_transcript(tmp_path / "a", turns("main", "m1"))
    write_transcript(tmp_path / "b", turns("main", "m1", "m2"))
    sync_folder(connection, tmp_path / "a", machine="laptop")
    sync_folder(connection, tmp_path / "b", machine="desk")
    assert counted(connection) == {"main": (2, 2, None)}
    sync_folder(connection, tmp_path / "a", machine="laptop")
    assert counted(connection) == {"main": (2, 2, None)}


def source(connection: Connection) -> str:
    [row] = execute(connection, "select machine from insights.claude_sessions where id = 'main'")
    return str(row["machine"])


@pytest.mark.parametrize("order", list(itertools.permutations(["desk", "Laptop", "laptop"])))
def test_of_equal_copies_the_first_by_machine_holds_the_session_whatever_the_order(
    connection: Connection, tmp_path: Path, order: tuple[str, ...]
) -> None:
    for machine in order:
        write_transcript(tmp_path / machine, turns("main", "m1"))
        sync_folder(connection, tmp_path / machine, machine=machine)
    assert source(connection) == "Laptop"  # by code points, whatever the database's language
    for machine in order:
        assert sync_folder(connection, tmp_path / machine, machine=machine)["read_count"] == 0


@pytest.mark.parametrize("order", list(itertools.permutations(["desk", "laptop"])))
@pytest.mark.parametrize("shrinking", ["desk", "laptop"])
def test_when_a_copy_shrinks_below_another_the_longer_one_takes_over(
    connection: Connection, tmp_path: Path, order: tuple[str, ...], shrinking: str
) -> None:
    other = "desk" if shrinking == "laptop" else "laptop"
    write_transcript(tmp_path / shrinking, turns("main", "m1", "m2", "m3"))
    write_transcript(tmp_path / other, turns("main", "m1", "m2"))
    for machine in order:
        sync_folder(connection, tmp_path / machine, machine=machine)
    assert counted(connection) == {"main": (3, 3, None)}
    write_transcript(tmp_path / shrinking, turns("main", "m1"))
    read = [sync_folder(connection, tmp_path / machine, machine=machine)["read_count"] for machine in order * 2]
    assert (counted(connection), source(connection)) == ({"main": (2, 2, None)}, other)
    assert sum(read) == 2, "the one that shrank, and the one that takes over"


def test_a_session_whose_longest_copy_vanished_stays_until_a_longer_one_comes(
    connection: Connection, tmp_path: Path
) -> None:
    path = write_transcript(tmp_path / "a", turns("main", "m1", "m2"))
    write_transcript(tmp_path / "b", turns("main", "m1"))
    sync_folder(connection, tmp_path / "a", machine="laptop")
    sync_folder(connection, tmp_path / "b", machine="desk")
    path.unlink()
    sync_folder(connection, tmp_path / "a", machine="laptop")
    sync_folder(connection, tmp_path / "b", machine="desk")
    assert counted(connection) == {"main": (2, 2, None)}
    write_transcript(tmp_path / "b", turns("main", "m1", "m2", "m3"))
    sync_folder(connection, tmp_path / "b", machine="desk")
    assert (counted(connection), source(connection)) == ({"main": (3, 3, None)}, "desk")
