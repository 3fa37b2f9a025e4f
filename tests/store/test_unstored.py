"""What a reader gets without Postgres is what it gets with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from local.demo import write_demo
from session_insights.records import SessionForReading
from session_insights.store.database import Connection, execute
from session_insights.store.facets import load_session
from session_insights.transcripts.files import find_transcripts
from session_insights.transcripts.parsing import parse_file
from session_insights.transcripts.unstored import sessions_for_reading
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import sync_folder

GENUINE = Path(__file__).parent.parent / "transcripts" / "v2.1.330" / "projects"


def alike(session: SessionForReading) -> SessionForReading:
    """Postgres rounds halves of a millisecond another way."""
    return replace(session, active_minutes=round(session.active_minutes, 3))


def unstored(root: Path) -> dict[str, SessionForReading]:
    return sessions_for_reading(parse_file(file, entry_characters=8000) for file in find_transcripts("here", root))


def compare(connection: Connection, root: Path) -> int:
    sync_folder(connection, root)
    without = unstored(root)
    rows = execute(connection, "select id from insights.claude_sessions where parent_session_id is null")
    assert {row["id"] for row in rows} == set(without)
    for session_id, session in without.items():
        assert alike(session) == alike(load_session(connection, session_id)), session_id
    return len(without)


def test_the_demo_reads_the_same_with_its_fork(connection: Connection, tmp_path: Path) -> None:
    write_demo(tmp_path, end=date(2026, 11, 22))
    assert compare(connection, tmp_path / "projects") > 150


def test_genuine_transcripts_read_the_same(connection: Connection) -> None:
    assert compare(connection, GENUINE) > 3


@pytest.mark.parametrize("own_words", [True, False])
def test_a_copied_history_is_left_to_its_owner(connection: Connection, tmp_path: Path, own_words: bool) -> None:
    history = [user("first", uuid="u1"), assistant("yes", message_id="m1", uuid="u2"), user("so?", uuid="u3")]
    more = [user("more"), assistant("sure", message_id="m2")] if own_words else []
    write_transcript(tmp_path, transcript(*history, session_id="aaaa"))
    write_transcript(tmp_path, transcript(*history, *more, session_id="bbbb", seconds=60))
    compare(connection, tmp_path)
