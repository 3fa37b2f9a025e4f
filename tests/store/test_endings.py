"""How a session ended, which tells whether a program's run failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_insights.store.database import Connection, execute
from tests.building import Record, assistant, transcript, user, write_transcript
from tests.helpers import sync_folder

API_ERROR = assistant("API Error: 529", model="<synthetic>", isApiErrorMessage=True)
STOPPED = user([{"type": "text", "text": "[Request interrupted by user]"}])
ENDINGS = {
    "reply": ([assistant("Done.")], False),
    "error": ([API_ERROR], True),
    "stopped": ([STOPPED], True),
    "tried-again": ([API_ERROR, assistant("Done.")], False),
}


def ended(connection: Connection) -> dict[str, bool]:
    rows = execute(connection, "select id, ends_in_error from insights.claude_sessions")
    return {row["id"]: row["ends_in_error"] for row in rows}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_session_ends_in_error_where_its_last_entry_is_one(connection: Connection, tmp_path: Path, name: str) -> None:
    records, is_error = ENDINGS[name]
    write_transcript(tmp_path, transcript(user("go"), *records, session_id=name), name=name)
    sync_folder(connection, tmp_path)
    assert ended(connection) == {name: is_error}


def test_a_session_that_goes_on_after_its_error_has_ended_well(connection: Connection, tmp_path: Path) -> None:
    said: list[Record] = [user("go"), API_ERROR]
    for more, is_error in ([], True), ([user("again"), assistant("Done.", message_id="m2")], False):
        write_transcript(tmp_path, transcript(*said, *more, session_id="one"), name="one")
        sync_folder(connection, tmp_path)
        assert ended(connection) == {"one": is_error}


def test_the_error_of_copied_history_is_the_ending_of_the_session_that_it_was_copied_from(
    connection: Connection, tmp_path: Path
) -> None:
    first = transcript(
        user("go", uuid="u1"),
        assistant("Working.", message_id="m1", uuid="a1"),
        STOPPED | {"uuid": "s1"},
        session_id="main",
    )
    copied = [{**record, "sessionId": "other", "forkedFrom": {"sessionId": "main"}} for record in first]
    write_transcript(tmp_path, first, name="main")
    write_transcript(tmp_path, copied, name="other")
    sync_folder(connection, tmp_path)
    assert ended(connection) == {"main": True, "other": False}
