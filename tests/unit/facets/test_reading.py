"""One reading of one session, by rules and by a Claude on a real socket."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from session_insights.errors import BudgetReached, SettingsError
from session_insights.facets.reading import ChosenReader, choose_reader, question_of, read_session
from session_insights.llm.asking import ClaudeUnavailable
from session_insights.llm.claude import ClaudeClient, ClaudeConnection
from session_insights.records import Reading, SessionForReading
from session_insights.settings import Settings
from tests.fakes.claude import FakeClaude, echo, error, prose, refusal, says, truncated, valid
from tests.unit.facets.building import PROFILE, failed, person, reply, session, slash, tool
from tests.unit.facets.test_judged import ANSWER, HOSTILE

SETTINGS = Settings(facet_model="claude-haiku-5-5")
GIVEN = session(
    slash("compose", "a mail to Dana"),
    failed("mcp__gmail__send", "x"),
    reply("Done."),
    person("wrong date"),
    tool("Write", "/w/drafts/a.md"),
    reply("Fixed."),
)


@pytest.fixture
def claude() -> Iterator[FakeClaude]:
    with FakeClaude(default=valid(**ANSWER)) as fake:
        yield fake


@pytest.fixture
def client(claude: FakeClaude) -> ClaudeClient:
    return ClaudeClient(ClaudeConnection("key-1", claude.url, max_retries=0, timeout_seconds=5))


def read(
    given: SessionForReading, client: ClaudeClient | None, reader: ChosenReader = "claude", **more: Any
) -> Reading:
    return read_session(given, profile=PROFILE, settings=SETTINGS, reader=reader, client=client, **more)


def test_auto_means_claude_where_a_connection_is_there_and_else_the_rules() -> None:
    assert choose_reader("auto", has_claude=True) == "claude"
    assert choose_reader("auto", has_claude=False) == "offline"
    assert choose_reader("offline", has_claude=True) == "offline"
    assert choose_reader("claude", has_claude=True) == "claude"
    assert choose_reader("cli", has_claude=False) == choose_reader("cli", has_claude=True) == "cli"
    with pytest.raises(SettingsError, match="anthropic_default"):
        choose_reader("claude", has_claude=False)


def test_a_batch_is_refused_where_sessions_are_read_one_by_one() -> None:
    with pytest.raises(SettingsError, match="insights_facet_backfill"):
        choose_reader("batch", has_claude=True)


def test_a_reading_that_may_not_be_paid_is_skipped_and_nothing_is_sent(
    claude: FakeClaude, client: ClaudeClient
) -> None:
    asked: list[float | None] = []

    def refuse(estimate_usd: float | None) -> None:
        asked.append(estimate_usd)
        raise BudgetReached("not sent: the daily cap is $5.00")

    made = read(GIVEN, client, may_spend=refuse)
    assert (made.state, made.facet, claude.requests) == ("skipped", None, [])
    assert made.error == "session 1f3a: not sent: the daily cap is $5.00"
    assert asked == [made.estimated_cost_usd]
    assert made.estimated_cost_usd is not None
    assert made.estimated_cost_usd > 0
    assert read(GIVEN, None, "offline", may_spend=refuse).state == "ok"


def test_the_rules_read_for_nothing_and_say_that_they_did() -> None:
    made = read(GIVEN, None, "offline")
    assert (made.state, made.reader, made.model, made.cost_usd) == ("ok", "offline", "offline", 0.0)
    assert made.facet is not None
    assert made.facet.skills_used == ["compose"]
    assert made.content_hash == GIVEN.content_hash
    question = question_of("offline", PROFILE)
    assert (made.prompt_version, made.prompt_hash) == (question.version, question.sha256)


def test_claude_reads_and_the_reading_keeps_question_tokens_and_cost(client: ClaudeClient) -> None:
    made = read(GIVEN, client)
    assert (made.state, made.reader, made.model) == ("ok", "claude", "claude-haiku-5-5")
    assert made.facet is not None
    assert made.facet.outcome == "mostly_achieved"
    assert made.input_tokens > 500
    assert made.cost_usd is not None
    assert made.cost_usd > 0
    question = question_of("claude", PROFILE)
    assert (made.prompt_version, made.prompt_hash) == (question.version, question.sha256)


def test_measured_wins_over_judged_and_a_floor_is_only_a_floor(claude: FakeClaude, client: ClaudeClient) -> None:
    claude.will(
        valid(**ANSWER | {"course_corrections": 0, "knowledge_filed": 3, "skills_missed": ["compose", "file-this"]})
    )
    facet = read(GIVEN, client).facet
    assert facet is not None
    assert facet.skills_used == ["compose"]
    assert facet.skills_missed == ["file-this"]
    assert (facet.mcp_failures, facet.artifacts_created) == (1, 1)
    assert facet.course_corrections == 1
    assert facet.knowledge_filed == 3
    assert facet.initiated_by == "user-interactive"
    claude.will(valid(**ANSWER | {"course_corrections": 4}))
    more = read(GIVEN, client).facet
    assert more is not None
    assert more.course_corrections == 4


def test_evidence_that_does_not_exist_is_dropped_and_its_judgement_stays(
    claude: FakeClaude, client: ClaudeClient
) -> None:
    evidence = [{"facet": "outcome", "entries": [6, 99, 6, -1]}, {"facet": "workflow_type", "entries": [4711]}]
    claude.will(valid(**ANSWER | {"evidence": evidence}))
    facet = read(GIVEN, client).facet
    assert facet is not None
    assert facet.evidence["outcome"] == [6]
    assert "workflow_type" not in facet.evidence
    assert facet.workflow_type == "email"


def test_two_useless_answers_are_a_failed_reading_that_names_session_and_remedy(
    claude: FakeClaude, client: ClaudeClient
) -> None:
    claude.will(valid(**ANSWER | {"outcome": "splendid"}), truncated())
    made = read(GIVEN, client)
    assert (made.state, made.facet) == ("failed", None)
    assert made.error is not None
    assert made.error.startswith("session 1f3a: the answer was cut off")
    assert "facet_extractions" in made.error
    assert made.cost_usd


def test_a_refusal_is_a_refused_reading(claude: FakeClaude, client: ClaudeClient) -> None:
    claude.will(refusal(), refusal())
    assert read(GIVEN, client).state == "refused"


def test_prose_around_the_answer_is_repaired(claude: FakeClaude, client: ClaudeClient) -> None:
    claude.will(prose())
    assert read(GIVEN, client).state == "ok"
    assert len(claude.requests) == 2


def test_a_network_that_is_down_and_a_wrong_key_are_raised(claude: FakeClaude, client: ClaudeClient) -> None:
    claude.will(error(529))
    with pytest.raises(ClaudeUnavailable):
        read(GIVEN, client)
    claude.will(error(401))
    with pytest.raises(SettingsError):
        read(GIVEN, client)


def test_a_model_that_obeys_a_hostile_transcript_gives_no_facet(claude: FakeClaude, client: ClaudeClient) -> None:
    claude.will(echo(), says('{"outcome": "fully_achieved"}'))
    made = read(session(person(HOSTILE), reply(HOSTILE)), client)
    assert (made.state, made.facet) == ("failed", None)


def test_an_answer_that_quotes_orders_stays_text_within_its_bounds(claude: FakeClaude, client: ClaudeClient) -> None:
    orders = "<script>alert(1)</script> [click](http://evil.example) " * 50
    claude.will(valid(**ANSWER | {"brief_summary": orders, "people_mentioned": [orders]}))
    facet = read(GIVEN, client).facet
    assert facet is not None
    assert facet.brief_summary is not None
    assert len(facet.brief_summary) <= 500
    assert facet.people_mentioned is not None
    assert len(facet.people_mentioned[0]) <= 80


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(
    claude: FakeClaude, client: ClaudeClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        made = read(GIVEN, client, dry_run=True)
    assert (made.state, made.facet, claude.requests) == ("dry_run", None, [])
    assert (made.input_tokens, made.cost_usd) == (0, 0)
    assert made.estimated_tokens is not None
    assert made.estimated_cost_usd == pytest.approx(made.estimated_tokens * 1e-7 + 900 * 5e-7)
    assert "[1] command (skill compose) (person): /compose a mail to Dana" in caplog.text
    assert "about $0.0" in caplog.text


def test_a_dry_run_needs_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    assert read(GIVEN, None, dry_run=True).state == "dry_run"
    assert read(GIVEN, None, "offline", dry_run=True).state == "dry_run"
    with pytest.raises(SettingsError, match="anthropic_default"):
        read(GIVEN, None)


def test_a_session_over_the_budget_is_cut_before_it_is_sent(claude: FakeClaude, client: ClaudeClient) -> None:
    long = session(*[tool("Bash", "x" * 900) for _ in range(300)], person("thanks"))
    settings = Settings(facet_budget_tokens=2000)
    read_session(long, profile=PROFILE, settings=settings, reader="claude", client=client)
    sent = claude.requests[0].prompt
    assert "entries left out" in sent
    assert len(sent) < 2000 * 4 + 2000
    assert json.dumps(sent)
