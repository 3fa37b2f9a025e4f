"""What was purged is nowhere, and does not come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from session_insights.errors import SettingsError
from session_insights.records import Facet, Reading
from session_insights.settings import Settings
from session_insights.stages import keeping
from session_insights.store.database import Connection, execute
from session_insights.store.facets import save_reading
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import dump_everything, dump_tables, sample_profile, sync_folder
from tests.store.test_archive import lines, objects

TRACE = "xylophone-7413"
DOOMED, OTHER, FORK = "aaaaaaaa-1111", "bbbbbbbb-2222", "cccccccc-3333"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(archive=tmp_path / "archive", reports_dir=tmp_path / "reports")


def prepare(connection: Connection, root: Path, settings: Settings, *, fork: bool = False) -> None:
    """A session with a sub-agent, another one, and a report, a message and a facet that speak of the first."""
    history = [user(f"about {TRACE}", uuid="u1"), assistant(f"yes {TRACE}", message_id="m1", uuid="u2")]
    path = write_transcript(root, transcript(*history, user("more"), session_id=DOOMED))
    agent = path.parent / DOOMED / "subagents" / "agent-a1.jsonl"
    agent.parent.mkdir(parents=True)
    agent.write_text(lines(transcript(user(f"look at {TRACE}", isSidechain=True), assistant())), encoding="utf-8")
    flat = transcript(user(f"flat {TRACE}", isSidechain=True), assistant(), session_id=DOOMED)
    (path.parent / "agent-b2.jsonl").write_text(lines(flat), encoding="utf-8")
    write_transcript(root, transcript(user("mail Anna Kern today"), assistant("Anna Kern it is"), session_id=OTHER))
    if fork:
        write_transcript(root, transcript(*history, assistant("z", message_id="m9"), session_id=FORK))
    sync_folder(connection, root, settings=settings)
    connection.execute(
        "insert into insights.session_facets (session_id, brief_summary, people_mentioned, reader, prompt_version, "
        "prompt_hash, content_hash, extraction_model) select id, 'To Anna Kern', '[\"Anna Kern\"]', 'offline', 1, "
        "'', '', 'rules' from insights.claude_sessions where id = %s",
        [OTHER],
    )
    settings.reports_dir.mkdir(exist_ok=True)
    page = settings.reports_dir / "weekly-2026-11-15.html"
    page.write_text(f"<p>{TRACE} {DOOMED} Anna Kern</p>", encoding="utf-8")
    connection.execute(
        "insert into insights.insights_snapshots "
        "(period_type, period_start, period_end, metrics, narrative, report_url) values "
        "('weekly', '2026-11-15', '2026-11-22', jsonb_build_object('top', %s::text), "
        "jsonb_build_object('t', %s::text), %s), ('weekly', '2025-01-05', '2025-01-12', '{\"kept\": 1}', null, null)",
        [DOOMED, f"about {TRACE} and Anna Kern", page.as_uri()],
    )
    connection.execute(
        "insert into insights.notifications (channel, dedupe_key, payload) "
        "values ('slack', 'k', jsonb_build_object('text', %s::text))",
        [f"Look: about {TRACE}, Anna Kern"],
    )


def purge(connection: Connection, settings: Settings, *ids: str, **more: Any) -> dict[str, Any]:
    choices = {"person": None, "with_forks": False, "dry_run": False, **more}
    return keeping.purge(connection, session_ids=ids, profile=sample_profile(), settings=settings, **choices)


def traces(connection: Connection, settings: Settings, word: str) -> list[str]:
    """Where a word still stands."""
    assert settings.archive is not None
    places = {"database": dump_everything(connection)}
    places |= {f"object {digest}": data.decode() for digest, data in objects(settings.archive).items()}
    for folder in (settings.archive, settings.reports_dir):
        places |= {str(path): path.name + path.read_text("latin-1") for path in folder.rglob("*") if path.is_file()}
    return [place for place, text in places.items() if word in text]


def test_a_purged_session_leaves_no_trace_and_does_not_come_back(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    prepare(connection, tmp_path / "projects", settings)
    assert len(traces(connection, settings, TRACE)) == 5
    planned = purge(connection, settings, DOOMED, dry_run=True)
    assert planned["session_ids"] == [DOOMED, f"{DOOMED}/agent-a1", f"{DOOMED}/agent-b2"]
    assert len(traces(connection, settings, TRACE)) == 5, "a dry run deletes nothing"
    done = purge(connection, settings, DOOMED)
    assert done["reports"] == ["weekly from 2026-11-15"]
    assert done["archived_count"] == 3
    assert [*traces(connection, settings, TRACE), *traces(connection, settings, DOOMED)] == []
    again = sync_folder(connection, tmp_path / "projects", settings=settings)
    assert again["session_count"] == 0
    keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=1)
    assert [*traces(connection, settings, TRACE), *traces(connection, settings, DOOMED)] == []
    assert [row["id"] for row in execute(connection, "select id from insights.claude_sessions")] == [OTHER]
    assert len(execute(connection, "select 1 from insights.insights_snapshots where metrics <> '{}'")) == 1


def test_a_fork_with_the_same_text_is_named_and_goes_when_asked(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    prepare(connection, tmp_path / "projects", settings, fork=True)
    done = purge(connection, settings, DOOMED)
    assert done["fork_ids"] == [FORK]
    assert "--with-forks" in done["summary"]
    assert len(execute(connection, "select 1 from insights.session_messages where is_owner and message_id = 'm1'")) == 1
    assert traces(connection, settings, TRACE) != []
    purge(connection, settings, FORK, with_forks=True)
    assert traces(connection, settings, TRACE) == []


def test_with_forks_all_copies_go_at_once(connection: Connection, tmp_path: Path, settings: Settings) -> None:
    prepare(connection, tmp_path / "projects", settings, fork=True)
    assert purge(connection, settings, DOOMED, with_forks=True)["fork_ids"] == []
    assert traces(connection, settings, TRACE) == []


def test_a_persons_name_is_replaced_and_the_archive_is_said_to_have_it(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    prepare(connection, tmp_path / "projects", settings)
    done = purge(connection, settings, person="anna kern")
    assert done["session_ids"] == [OTHER]
    assert names_left(connection) == []
    [entry, *_] = execute(
        connection, "select text from insights.session_entries where session_id = %(id)s order by entry_no", id=OTHER
    )
    assert entry["text"] == "mail [person] today"
    assert list(settings.reports_dir.iterdir()) == []
    assert "archive" in done["summary"]


def names_left(connection: Connection) -> list[str]:
    """Tables in which the name stands, but for the one that says what to replace."""
    return [
        name
        for name, text in dump_tables(connection).items()
        if "anna kern" in text.lower() and name != "purged_people"
    ]


def test_a_persons_name_stays_away_from_all_that_is_read_later(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    root = tmp_path / "projects"
    prepare(connection, root, settings)
    purge(connection, settings, person="Anna Kern")
    grown = transcript(user("mail ANNA KERN today"), assistant("Anna Kern it is"), user("again"), session_id=OTHER)
    write_transcript(root, grown)
    write_transcript(root, transcript(user("Anna Kern"), assistant(), user("Annabel Kernighan"), session_id="new"))
    assert sync_folder(connection, root, settings=settings, processes=2)["read_count"] == 2
    assert names_left(connection) == []
    keeping.resync_from_archive(connection, profile=sample_profile(), settings=settings, processes=1)
    assert names_left(connection) == []
    rows = execute(
        connection, "select text from insights.session_entries where session_id = 'new' and kind = 'prompt' order by 1"
    )
    assert [row["text"] for row in rows] == ["Annabel Kernighan", "[person]"]
    [session] = execute(connection, "select title from insights.claude_sessions where id = 'new'")
    assert session["title"] == "[person]"


def test_a_persons_name_stays_away_from_new_facets(connection: Connection, tmp_path: Path, settings: Settings) -> None:
    prepare(connection, tmp_path / "projects", settings)
    purge(connection, settings, person="Anna Kern")
    facet = Facet(OTHER, brief_summary="Wrote to anna kern", people_mentioned=["Anna Kern", "Bo"])
    save_reading(connection, Reading(OTHER, "ok", "claude", "m", 1, "", "", facet))
    assert names_left(connection) == []
    [row] = execute(connection, "select brief_summary, people_mentioned from insights.session_facets")
    assert row == {"brief_summary": "Wrote to [person]", "people_mentioned": ["[person]", "Bo"]}


def test_a_dry_run_remembers_no_name(connection: Connection, tmp_path: Path, settings: Settings) -> None:
    prepare(connection, tmp_path / "projects", settings)
    purge(connection, settings, person="Anna Kern", dry_run=True)
    assert execute(connection, "select name from insights.purged_people") == []


def test_a_flat_agent_file_of_a_purged_session_is_opened_once_more_and_never_again(
    connection: Connection, tmp_path: Path, settings: Settings
) -> None:
    prepare(connection, tmp_path / "projects", settings)
    purge(connection, settings, DOOMED)
    changed = [sync_folder(connection, tmp_path / "projects", settings=settings)["changed_count"] for _ in range(3)]
    assert changed == [1, 0, 0]
    assert [*traces(connection, settings, TRACE), *traces(connection, settings, DOOMED)] == []


def test_nothing_named_is_an_error(connection: Connection, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="--session-id"):
        purge(connection, settings)
