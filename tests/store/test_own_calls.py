"""Our own calls through the `claude` command leave a transcript where `--no-session-persistence` is not known."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from session_insights.aggregates.catalog import find_aggregates
from session_insights.facets.judged import build_request
from session_insights.llm.command import _as_one_text
from session_insights.store.database import Connection, execute
from session_insights.store.facets import select_due
from session_insights.store.figures import load_rows
from session_insights.windows import Window
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import sample_profile, sync_folder
from tests.unit.facets.building import person, reply, session

OWN = "0badcafe-0000-4000-8000-000000000001"
GENUINE = Path(__file__).parent.parent / "transcripts/v2.1.330/projects/-home-dev-work-p1"
PRINTED = GENUINE / "11111111-1111-4111-8111-111111111111.jsonl"  # of `claude --print`
WINDOW = Window(date(2026, 1, 1), date(2027, 1, 1))
NOW = datetime(2026, 12, 31, tzinfo=UTC)


def write_own_call(root: Path) -> None:
    """The genuine transcript of a printed answer, with a question of ours in the place of its prompt."""
    request = build_request(session(person("thanks, perfect"), reply("ok")), sample_profile(), budget_tokens=1000)
    question = _as_one_text([{"role": "user", "content": request.untrusted}])
    text = PRINTED.read_text().replace(PRINTED.stem, OWN)
    assert "[[hello]] hi there" in text
    text = text.replace("[[hello]] hi there", json.dumps(question)[1:-1])
    (root / "-tmp-empty").mkdir(parents=True)
    (root / "-tmp-empty" / f"{OWN}.jsonl").write_text(text)


def write_session(root: Path) -> None:
    records = transcript(user("fix it"), assistant(), user("thanks"), assistant(), session_id="human")
    write_transcript(root, records)


def figures(connection: Connection) -> dict[str, Any]:
    return {aggregate.name: load_rows(connection, aggregate.name, WINDOW) for aggregate in find_aggregates()}


def due(connection: Connection, **given: Any) -> list[str]:
    everybody = ["human", "automated", "subagent"]
    found = select_due(
        connection,
        reader="claude",
        prompt_version=1,
        limit=20,
        quiet_minutes=0,
        attempts=3,
        now=NOW,
        categories=everybody,
        **given,
    )
    return [session.session_id for session in found]


def test_an_own_call_is_never_counted_and_never_read(connection: Connection, tmp_path: Path) -> None:
    write_session(tmp_path)
    sync_folder(connection, tmp_path)
    before = figures(connection)
    write_own_call(tmp_path)
    sync_folder(connection, tmp_path)
    [own] = execute(connection, f"select * from insights.claude_sessions where id = '{OWN}'")
    assert own["category"] == "plumbing"
    assert figures(connection) == before
    assert due(connection) == ["human"]
    assert due(connection, force=True) == ["human"]
    assert due(connection, session_ids=[OWN, "human"], force=True) == ["human"]


def test_the_same_transcript_without_the_mark_is_a_session_of_a_program(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "-home-dev-work-p1").mkdir()
    shutil.copy(PRINTED, tmp_path / "-home-dev-work-p1")
    sync_folder(connection, tmp_path)
    [row] = execute(connection, "select category from insights.claude_sessions")
    assert row["category"] == "automated"
