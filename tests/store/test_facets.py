"""Which sessions are due, what a reader gets, and what is kept of a reading."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from session_insights.errors import SettingsError
from session_insights.records import Facet, Reading
from session_insights.store.database import Connection, execute
from session_insights.store.facets import load_session, save_reading, select_due, summarize_run

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


def add_session(connection: Connection, session_id: str, **columns: Any) -> None:
    """A person's session of three prompts that ended two hours before NOW."""
    started_at = columns.pop("started_at", NOW - timedelta(hours=3))
    row = {
        "id": session_id,
        "machine": "here",
        "transcript_path": f"/x/{session_id}.jsonl",
        "title": f"Title of {session_id}",
        "category": "human",
        "started_at": started_at,
        "ended_at": started_at + timedelta(hours=1),
        "last_record_at": started_at + timedelta(hours=1),
        "human_prompt_count": 3,
        "active_minutes": 12.0,
        "content_hash": "c1",
    } | columns
    names = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    execute(connection, f"insert into insights.claude_sessions ({names}) values ({places})", **row)
    execute(
        connection,
        "insert into insights.session_days values (%(id)s, %(day)s, 'UTC', 3, 12, 5, 1, 1, 1, 1, null, 0, 0)",
        id=session_id,
        day=started_at.date(),
    )


def add_entry(connection: Connection, session_id: str, entry_no: int, text: str, **columns: Any) -> None:
    row = {
        "session_id": session_id,
        "entry_no": entry_no,
        "record_no": entry_no,
        "kind": "prompt",
        "at": NOW,
        "text": text,
        "is_person": True,
        "lines_added": 0,
        "lines_removed": 0,
        "commit_count": 0,
        "active_seconds": 1.0,
    } | columns
    names = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    execute(connection, f"insert into insights.session_entries ({names}) values ({places})", **row)


def reading(session_id: str, **values: Any) -> Reading:
    made = Reading(
        session_id=session_id,
        state="ok",
        reader="offline",
        model="offline",
        prompt_version=1,
        prompt_hash="p1",
        content_hash="c1",
        facet=Facet(
            session_id,
            outcome="fully_achieved",
            people_mentioned=["Maya Brooks"],
            friction_counts={"buggy_code": 1},
            evidence={"outcome": [3]},
        ),
    )
    return replace(made, **values)


def failure(session_id: str, **values: Any) -> Reading:
    return reading(session_id, **{"state": "failed", "facet": None, "error": "no answer"} | values)


def due(connection: Connection, **given: Any) -> list[str]:
    rules: dict[str, Any] = {
        "reader": "offline",
        "prompt_version": 1,
        "limit": 20,
        "quiet_minutes": 10,
        "attempts": 3,
        "now": NOW,
    }
    return [session.session_id for session in select_due(connection, **rules | given)]


def age_attempts(connection: Connection, at: datetime) -> None:
    """All attempts so far happened at `at`."""
    execute(connection, "update insights.facet_extractions set attempted_at = %(at)s", at=at)


def test_unread_sessions_of_people_are_due_newest_first_with_a_tie_break(connection: Connection) -> None:
    add_session(connection, "old", started_at=NOW - timedelta(days=2))
    add_session(connection, "b")
    add_session(connection, "a")
    assert due(connection) == ["a", "b", "old"]
    assert due(connection, limit=2) == ["a", "b"]
    assert (
        select_due(connection, reader="offline", prompt_version=1, limit=1, quiet_minutes=10, attempts=3, now=NOW)[
            0
        ].title
        == "Title of a"
    )


def test_automated_and_tiny_sessions_are_not_due(connection: Connection) -> None:
    add_session(connection, "robot", category="automated")
    add_session(connection, "tiny", human_prompt_count=1, active_minutes=0.5)
    add_session(connection, "one_long_prompt", human_prompt_count=1, active_minutes=1.0)
    add_session(connection, "two_quick_prompts", human_prompt_count=2, active_minutes=0.1)
    assert due(connection) == ["one_long_prompt", "two_quick_prompts"]


def test_a_session_that_may_go_on_waits_until_it_is_quiet(connection: Connection) -> None:
    add_session(connection, "busy", last_record_at=NOW - timedelta(minutes=9))
    add_session(connection, "quiet", last_record_at=NOW - timedelta(minutes=10))
    assert due(connection) == ["quiet"]


def test_a_read_session_is_due_again_when_its_text_or_the_question_changes(connection: Connection) -> None:
    add_session(connection, "s")
    save_reading(connection, reading("s"))
    assert due(connection) == []
    assert due(connection, prompt_version=2) == ["s"]
    assert due(connection, force=True) == ["s"]
    execute(connection, "update insights.claude_sessions set content_hash = 'c2'")
    assert due(connection) == ["s"]


def test_what_rules_have_read_is_due_for_a_model_and_not_the_other_way_round(connection: Connection) -> None:
    add_session(connection, "by_rules")
    add_session(connection, "by_claude")
    save_reading(connection, reading("by_rules"))
    save_reading(connection, reading("by_claude", reader="claude", model="claude-haiku-5-5", prompt_version=7))
    assert due(connection, reader="claude", prompt_version=7) == ["by_rules"]
    assert due(connection, reader="offline", prompt_version=2) == ["by_rules"]
    execute(connection, "update insights.claude_sessions set content_hash = 'c2'")
    assert due(connection, reader="offline") == ["by_claude", "by_rules"]


@pytest.mark.parametrize(
    ("failures", "hours", "is_due"), [(1, 0.4, False), (1, 0.5, True), (2, 1.9, False), (2, 2, True), (3, 99, False)]
)
def test_a_failure_is_due_again_after_a_growing_pause_and_at_most_three_times(
    connection: Connection, failures: int, hours: float, is_due: bool
) -> None:
    add_session(connection, "s")
    for _ in range(failures):
        save_reading(connection, failure("s"))
    age_attempts(connection, NOW - timedelta(hours=hours))
    assert (due(connection) == ["s"]) is is_due


def test_failures_are_forgotten_when_the_text_the_question_or_the_reader_changes(connection: Connection) -> None:
    add_session(connection, "s")
    for _ in range(3):
        save_reading(connection, failure("s", reader="claude"))
    age_attempts(connection, NOW)
    assert due(connection, reader="claude") == []
    assert due(connection, reader="claude", force=True) == ["s"]
    assert due(connection, reader="claude", prompt_version=2) == ["s"]
    assert due(connection, reader="offline") == ["s"]
    execute(connection, "update insights.claude_sessions set content_hash = 'c2'")
    assert due(connection, reader="claude") == ["s"]


def test_what_was_given_up_is_due_again_when_anything_about_it_changes(connection: Connection) -> None:
    add_session(connection, "s")
    by_claude: dict[str, Any] = {"reader": "claude", "prompt_version": 4}

    def give_up() -> None:
        for _ in range(3):
            save_reading(connection, failure("s", **by_claude))
        age_attempts(connection, NOW - timedelta(days=9))
        assert due(connection, **by_claude) == []

    give_up()
    assert due(connection, **by_claude, attempts=4) == ["s"]
    # Rules that fail meanwhile give nothing back; their own tries are counted apart.
    save_reading(connection, failure("s"))
    execute(connection, "update insights.facet_extractions set attempted_at = %(at)s where reader = 'offline'", at=NOW)
    assert (due(connection, **by_claude), due(connection)) == ([], [])
    assert due(connection, now=NOW + timedelta(minutes=30)) == ["s"]
    execute(connection, "delete from insights.facet_extractions where reader = 'offline'")
    assert due(connection, **by_claude) == []
    # Another text, and the one before again.
    execute(connection, "update insights.claude_sessions set content_hash = 'c2'")
    assert due(connection, **by_claude) == ["s"]
    execute(connection, "update insights.claude_sessions set content_hash = 'c1'")
    assert due(connection, **by_claude) == []
    # A try that was of something else after all, and tries that somebody forgets.
    [first] = execute(connection, "select min(id) as id from insights.facet_extractions")
    execute(connection, "update insights.facet_extractions set state = 'skipped' where id = %(id)s", **first)
    assert due(connection, **by_claude) == ["s"]
    give_up()
    execute(connection, "delete from insights.facet_extractions")
    assert due(connection, **by_claude) == ["s"]
    # What was read has nothing left to give up, whatever becomes of its facet.
    give_up()
    save_reading(connection, reading("s", **by_claude))
    execute(connection, "delete from insights.session_facets")
    assert due(connection, **by_claude) == ["s"]
    execute(connection, "delete from insights.facet_extractions where state = 'ok'")
    assert due(connection, **by_claude) == []


def test_a_success_ends_the_row_of_failures(connection: Connection) -> None:
    add_session(connection, "s")
    for _ in range(3):
        save_reading(connection, failure("s"))
    age_attempts(connection, NOW - timedelta(days=2))
    save_reading(connection, reading("s"))
    execute(connection, "delete from insights.session_facets")
    assert due(connection) == ["s"]


def test_a_window_takes_sessions_in_which_a_person_spoke_on_its_days(connection: Connection) -> None:
    for day in (12, 13, 14, 15):
        add_session(connection, f"on_{day}", started_at=datetime(2026, 11, day, 8, tzinfo=UTC))
    assert due(connection, since=date(2026, 11, 13), until=date(2026, 11, 14)) == ["on_14", "on_13"]
    assert due(connection, since=date(2026, 11, 14)) == ["on_15", "on_14"]
    execute(connection, "update insights.session_days set human_prompt_count = 0 where session_id = 'on_15'")
    assert due(connection, since=date(2026, 11, 14)) == ["on_14"]


def test_a_named_session_is_read_whatever_its_size_and_its_failures(connection: Connection) -> None:
    add_session(connection, "tiny", category="automated", human_prompt_count=0, last_record_at=NOW)
    add_session(connection, "other")
    assert due(connection, session_ids=["tiny"]) == ["tiny"]
    for _ in range(3):
        save_reading(connection, failure("tiny"))
    assert due(connection, session_ids=["tiny"]) == ["tiny"]
    save_reading(connection, reading("tiny"))
    assert due(connection, session_ids=["tiny"]) == []
    assert due(connection, session_ids=["tiny"], force=True) == ["tiny"]


def test_an_id_that_is_not_known_is_an_error_that_names_it(connection: Connection) -> None:
    with pytest.raises(SettingsError, match="session nobody"):
        due(connection, session_ids=["nobody"])
    with pytest.raises(SettingsError, match="session nobody"):
        load_session(connection, "nobody")


def test_a_run_that_is_cleared_selects_the_same_sessions_again(connection: Connection) -> None:
    for number in range(4):
        add_session(connection, f"s{number}", started_at=NOW - timedelta(hours=3 + number))
    first = due(connection, limit=2, dag_run_id="run_1")
    save_reading(connection, reading(first[0]), dag_run_id="run_1")
    save_reading(connection, failure(first[1]), dag_run_id="run_1")
    assert due(connection, limit=2, dag_run_id="run_1") == first
    assert due(connection, limit=1, dag_run_id="run_1") == first
    assert due(connection, limit=3, dag_run_id="run_1") == [*first, "s2"]
    assert due(connection, limit=2, dag_run_id="run_2") == ["s2", "s3"]


def test_a_reader_gets_the_sessions_own_entries_in_order(connection: Connection) -> None:
    add_session(connection, "s", cwd="/work/x", tools_used=Jsonb({"Edit": 2}), files_touched=Jsonb({"/work/x/a.md": 1}))
    add_entry(connection, "s", 3, "third", kind="tool", is_person=False, tool="Edit", file_path="/work/x/a.md")
    add_entry(connection, "s", 2, "second")
    add_entry(connection, "s", 1, "copied from another session", is_copied=True)
    session = load_session(connection, "s")
    assert [(entry.entry_no, entry.text) for entry in session.entries] == [(2, "second"), (3, "third")]
    assert session.entries[1].file_path == "/work/x/a.md"
    assert (session.title, session.cwd, session.tools_used) == ("Title of s", "/work/x", {"Edit": 2})


def test_a_reading_is_kept_with_its_attempt_and_marks_the_session(connection: Connection) -> None:
    add_session(connection, "s")
    save_reading(connection, reading("s", cost_usd=0.0012, input_tokens=900), dag_run_id="run_1")
    facet = execute(connection, "select * from insights.session_facets")[0]
    assert facet["outcome"] == "fully_achieved"
    assert facet["people_mentioned"] == ["Maya Brooks"]
    assert facet["evidence"] == {"outcome": [3]}
    assert facet["skills_missed"] is None
    assert (facet["extraction_model"], facet["extraction_cost_usd"]) == ("offline", 0.0012)
    attempt = execute(connection, "select * from insights.facet_extractions")[0]
    assert (attempt["state"], attempt["input_tokens"], attempt["dag_run_id"]) == ("ok", 900, "run_1")
    assert execute(connection, "select facets_extracted_at from insights.claude_sessions")[0]["facets_extracted_at"]


def test_the_same_reading_again_changes_no_row_but_timestamps(connection: Connection) -> None:
    add_session(connection, "s")
    save_reading(connection, reading("s"))
    sql = "select to_jsonb(facet) - 'updated_at' as row from insights.session_facets as facet"
    before = execute(connection, sql)
    save_reading(connection, reading("s"))
    assert execute(connection, sql) == before


def test_a_failed_attempt_leaves_the_earlier_facet_as_it_is(connection: Connection) -> None:
    add_session(connection, "s")
    save_reading(connection, reading("s"))
    save_reading(connection, failure("s", state="refused"))
    assert execute(connection, "select outcome from insights.session_facets") == [{"outcome": "fully_achieved"}]
    states = execute(connection, "select state, error from insights.facet_extractions order by id")
    assert [row["state"] for row in states] == ["ok", "refused"]


@pytest.mark.parametrize("state", ["dry_run", "skipped"])
def test_what_was_not_sent_is_kept_as_an_attempt_and_is_no_try(connection: Connection, state: str) -> None:
    add_session(connection, "s")
    for _ in range(4):
        save_reading(
            connection, reading("s", state=state, facet=None, error="cap", estimated_tokens=90), dag_run_id="r"
        )
    attempts = execute(connection, "select state, estimated_tokens, cost_usd from insights.facet_extractions")
    assert attempts == [{"state": state, "estimated_tokens": 90, "cost_usd": 0}] * 4
    assert execute(connection, "select 1 from insights.session_facets") == []
    assert due(connection) == ["s"]


def test_a_run_that_was_held_back_selects_the_same_sessions_when_it_is_cleared(connection: Connection) -> None:
    for number in range(3):
        add_session(connection, f"s{number}", started_at=NOW - timedelta(hours=3 + number))
    save_reading(connection, reading("s2", state="skipped", facet=None, error="cap"), dag_run_id="run_1")
    assert due(connection, limit=1, dag_run_id="run_1") == ["s2"]


def test_the_scope_says_whose_sessions_are_due(connection: Connection) -> None:
    for category in ("human", "automated", "subagent", "warmup", "stub", "plumbing"):
        add_session(connection, category, category=category)
    assert due(connection) == ["human"]
    assert due(connection, categories=["automated"]) == ["automated"]
    assert due(connection, categories=["human", "automated", "subagent"]) == ["automated", "human", "subagent"]
    assert due(connection, session_ids=["plumbing", "stub"], force=True) == ["stub"]


def test_a_run_is_summed_up_by_the_last_try_of_each_session_and_by_what_all_tries_cost(connection: Connection) -> None:
    for name in ("read", "mended", "broken", "held", "tiny"):
        add_session(connection, name, human_prompt_count=1 if name == "tiny" else 3, active_minutes=0)
    paid: dict[str, Any] = {"reader": "claude", "input_tokens": 100, "output_tokens": 10, "cost_usd": 0.25}
    save_reading(connection, failure("mended", **paid), dag_run_id="r")
    save_reading(connection, reading("mended", **paid, cache_read_tokens=50), dag_run_id="r")
    save_reading(connection, reading("read", **paid | {"cost_usd": None}), dag_run_id="r")
    save_reading(connection, failure("broken", **paid, state="refused"), dag_run_id="r")
    save_reading(connection, reading("held", state="skipped", facet=None, error="over the cap"), dag_run_id="r")
    save_reading(connection, reading("read", **paid), dag_run_id="another")
    row = summarize_run(connection, "r", categories=["human"])
    assert (row["tried_count"], row["ok_count"], row["failed_count"], row["skipped_count"]) == (4, 2, 1, 1)
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (450, 40, 0.75)
    assert (row["unpriced_count"], row["skipped_because"]) == (1, "over the cap")
    assert (row["read_count"], row["session_count"]) == (2, 4)
    empty = summarize_run(connection, "nothing", categories=["human"])
    assert (empty["tried_count"], empty["cost_usd"], empty["skipped_because"]) == (0, 0, None)


def test_a_facet_that_the_database_refuses_leaves_no_attempt_either(connection: Connection) -> None:
    add_session(connection, "s")
    with pytest.raises(Exception, match="outcome_is_known"):
        save_reading(connection, reading("s", facet=Facet("s", outcome="splendid")))
    assert execute(connection, "select 1 from insights.facet_extractions") == []


def test_a_new_reading_replaces_every_column_of_the_one_before(connection: Connection) -> None:
    add_session(connection, "s")
    full: dict[str, Any] = {
        "goal_categories": {"mail": 1},
        "user_satisfaction_counts": {"satisfied": 1},
        "friction_counts": {"buggy_code": 2},
        "completion_chain": {"started": 1},
        "relationship_actions": [{"person": "Maya", "action": "wrote"}],
        "evidence": {"outcome": [1]},
        "session_cut_short": True,
        "outcome": "not_achieved",
        "claude_helpfulness": "essential",
        "session_type": "single_task",
        "priority_alignment": "drift",
        "workflow_type": "email",
        "initiated_by": "sub-agent",
        "outreach_type": "none",
    }
    for name in fields(Facet):
        if name.name in full or name.name == "session_id":
            continue
        full[name.name] = 3 if "int" in str(name.type) else ["x"] if "list" in str(name.type) else "text"
    save_reading(connection, reading("s", facet=Facet("s", **full)))
    stored = execute(connection, "select * from insights.session_facets")[0]
    assert {name: stored[name] for name in full} == full
    save_reading(
        connection, reading("s", facet=Facet("s"), reader="claude", model="m", prompt_version=2, cost_usd=None)
    )
    emptied = execute(connection, "select * from insights.session_facets")[0]
    assert {name: emptied[name] for name in full if emptied[name]} == {}
    changed = ("reader", "extraction_model", "prompt_version", "extraction_cost_usd")
    assert tuple(emptied[name] for name in changed) == ("claude", "m", 2, None)
