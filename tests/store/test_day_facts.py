"""What figures read of a session and a day is what its session, its days, its facets and its attempts say."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from session_insights.store.database import Connection, connect, execute
from tests.helpers import find_wrong_facts
from tests.sql.given import insert_rows

DAY = "2026-11-{:02d}"
FACET = {
    "businesses": ["shop", "studio", "shop"],
    "outcome": "fully_achieved",
    "people_mentioned": ["Ada", "Ben", "Ada"],
    "friction_counts": {"buggy_code": 0, "wrong_approach": 2},
    "corrected": {"outcome": {}},
}
# Statements that change what a figure may show; each fits every session.
CHANGES = {
    "another title": "update insights.claude_sessions set title = coalesce(title, '') || 'x' where id = %(id)s",
    "a program's": "update insights.claude_sessions set category = 'automated' where id = %(id)s",
    "a person's": "update insights.claude_sessions set category = 'human' where id = %(id)s",
    "too small": "update insights.claude_sessions set human_prompt_count = 1, active_minutes = 0 where id = %(id)s",
    "big enough": "update insights.claude_sessions set active_minutes = 1 where id = %(id)s",
    "failed": "update insights.claude_sessions set ends_in_error = true, category = 'automated' where id = %(id)s",
    "went on": "update insights.claude_sessions set ends_in_error = false where id = %(id)s",
    "elsewhere": "update insights.claude_sessions set machine = 'server', project = null where id = %(id)s",
    "a day more": "insert into insights.session_days "
    "select id, %(day)s, 'UTC', 1, 2.5, 1, 1, 1, 1, 1, 0.25, 0, 0 from insights.claude_sessions where id = %(id)s "
    "on conflict do nothing",
    "a day less": "delete from insights.session_days where session_id = %(id)s and activity_date = %(day)s",
    "no days": "delete from insights.session_days where session_id = %(id)s",
    "other minutes": "update insights.session_days set active_minutes = 9, cost_usd = null where session_id = %(id)s",
    "read": "insert into insights.session_facets "
    "(session_id, businesses, people_mentioned, reader, prompt_version, prompt_hash, content_hash, extraction_model) "
    """select id, '["shop", "studio"]', '["Ada"]', 'claude', 1, '', '', 'm' from insights.claude_sessions """
    "where id = %(id)s on conflict do nothing",
    "judged anew": "update insights.session_facets set outcome = 'not_achieved', people_mentioned = '[]' "
    "where session_id = %(id)s",
    "corrected": """update insights.session_facets set corrected = '{"a": 1, "b": 2}' where session_id = %(id)s""",
    "unread": "delete from insights.session_facets where session_id = %(id)s",
    "tried": "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
    "content_hash, error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, "
    "duration_seconds) select %(id)s, 'failed', 'claude', 'm', 1, '', '', 'no', 0, 0, 0, 0, 0.5, 1 "
    "from insights.claude_sessions where id = %(id)s",
    "attempts forgotten": "delete from insights.facet_extractions where session_id = %(id)s",
    "purged": "delete from insights.claude_sessions where id = %(id)s",
}
changes = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from(["one", "two", "three"]), st.integers(1, 3)),
    min_size=10,
    max_size=40,
)


def write_three(connection: Connection) -> None:
    """One session of a day, one of two days, one that nobody has read."""
    insert_rows(
        connection,
        {
            "claude_sessions": [{"id": name, "title": name} for name in ("one", "two", "three")],
            "session_days": [
                {"session_id": "one", "activity_date": DAY.format(1), "active_minutes": 1 / 3},
                {"session_id": "two", "activity_date": DAY.format(1), "cost_usd": 0.1},
                {"session_id": "two", "activity_date": DAY.format(2)},
                {"session_id": "three", "activity_date": DAY.format(3)},
            ],
            "session_facets": [{"session_id": name, **FACET} for name in ("one", "two")],
            "facet_extractions": [{"session_id": name} for name in ("one", "two")],
        },
    )


@given(done=changes)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_facts_follow_whatever_is_written(done: list[tuple[str, str, int]], connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        write_three(connection)
        assert find_wrong_facts(connection) == []
        for change, name, day in done:
            connection.execute(CHANGES[change].encode(), {"id": name, "day": DAY.format(day)})
            assert find_wrong_facts(connection) == [], change


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_one_that_facts_have_to_follow(change: str, connection: Connection) -> None:
    """Else the test above would prove little: without triggers the facts would be wrong after it."""
    with connection.transaction(force_rollback=True):
        write_three(connection)
        two = {"id": "two", "day": DAY.format(3 if change == "a day more" else 2)}
        first = {"a person's": "a program's", "big enough": "too small", "read": "unread", "went on": "failed"}.get(
            change, "tried"
        )
        connection.execute(CHANGES[first].encode(), two)
        before = _facts(connection)
        connection.execute(CHANGES[change].encode(), two)
        assert _facts(connection) != before


def test_a_session_read_while_it_is_synced_has_both(connection: Connection, database_url: str) -> None:
    write_three(connection)
    written = threading.Event()

    def read() -> None:
        with connect(database_url) as reader, reader.transaction():
            reader.execute(CHANGES["judged anew"].encode(), {"id": "two"})
            written.set()

    reader = threading.Thread(target=read)
    with connect(database_url) as syncer, syncer.transaction():
        syncer.execute(CHANGES["a day more"].encode(), {"id": "two", "day": DAY.format(3)})
        reader.start()
        # The other one waits for this transaction with what it writes after the facet.
        assert not written.wait(0.5)
    reader.join()
    assert find_wrong_facts(connection) == []
    facts = execute(connection, "select distinct outcome, people from insights.day_facts where session_id = 'two'")
    assert facts == [{"outcome": "not_achieved", "people": []}]
    assert len([row for row in _facts(connection) if row["session_id"] == "two"]) == 3


def _facts(connection: Connection) -> list[dict[str, Any]]:
    return execute(connection, "select * from insights.day_facts order by session_id, activity_date")
