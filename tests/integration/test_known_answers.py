"""A generated corpus with faults, against the answers that its generator wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from session_insights.store.database import Connection, execute
from tests.helpers import sync_folder
from tests.integration.corpus import make_corpus


@pytest.fixture(scope="module", params=[1, 2, 7])
def corpus(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"), seed=request.param)


def ask(connection: Connection, sql: str) -> dict[str, Any]:
    """A two-column query as a dict."""
    return {row["key"]: row["value"] for row in execute(connection, sql)}


def test_a_corpus_with_faults_is_counted_to_the_unit(connection: Connection, corpus: Path) -> None:
    truth = json.loads((corpus / "truth.json").read_text())
    sync_folder(connection, corpus / "projects", processes=2)

    tokens = ask(
        connection,
        """
        select model as key, jsonb_build_object(
            'input', sum(input_tokens), 'output', sum(output_tokens), 'cache_read', sum(cache_read_tokens),
            'cache_5m', sum(cache_write_5m_tokens), 'cache_1h', sum(cache_write_1h_tokens)
        ) as value from insights.session_messages where is_owner group by model
        """,
    )
    assert tokens == truth["tokens"]

    kinds = ask(connection, "select category as key, count(*) as value from insights.claude_sessions group by 1")
    assert {kind: kinds.get(kind, 0) for kind in truth["kinds"]} == truth["kinds"]

    [row] = execute(connection, "select sum(human_prompt_count)::int as n from insights.claude_sessions")
    assert row["n"] == truth["prompts"]

    own = "from insights.own_entries where"
    calls = ask(connection, f"select tool as key, count(*) as value {own} tool is not null group by 1")
    assert calls == truth["tool_calls"]
    failed = "kind in ('tool_error', 'rejection', 'denial')"
    errors = ask(connection, f"select tool as key, count(*) as value {own} {failed} group by 1")
    assert errors == truth["tool_errors"]
    stopped = "kind in ('interruption', 'compaction')"
    acts = ask(connection, f"select kind as key, count(*) as value {own} {stopped} group by 1")
    assert acts == {"interruption": truth["interrupts"], "compaction": truth["compactions"]}

    [bad] = execute(
        connection,
        """
        select sum(jsonb_array_length(bad_lines))::int + count(*) filter (where read_bytes < size_bytes) as n
        from insights.transcript_files
        """,
    )
    assert bad["n"] == truth["bad_lines"]


def test_each_session_of_the_corpus_has_its_own_tokens_and_kind(connection: Connection, corpus: Path) -> None:
    sync_folder(connection, corpus / "projects", processes=2)
    rows = execute(
        connection,
        """
        select session.id, session.category, sum(message.output_tokens)::bigint as output_tokens
        from insights.claude_sessions as session
        left join insights.claude_sessions as member on coalesce(member.parent_session_id, member.id) = session.id
        left join insights.session_messages as message on message.session_id = member.id and message.is_owner
        where session.parent_session_id is null
        group by session.id
        """,
    )
    ours = {row["id"]: (row["category"], row["output_tokens"] or 0) for row in rows}
    lines = (corpus / "truth_sessions.jsonl").read_text().splitlines()
    truth = {t["session_id"]: t for t in map(json.loads, lines)}
    assert ours == {
        session_id: (t["kind"], sum(tokens["output"] for tokens in t["tokens"].values()))
        for session_id, t in truth.items()
    }


def test_no_planted_secret_is_stored(connection: Connection, corpus: Path) -> None:
    sync_folder(connection, corpus / "projects")
    assert execute(connection, "select 1 from insights.session_entries where text like '%sk-ant-api03-FAKE%'") == []
