"""Many sessions by Message Batches on a real socket: sent once, answered in any order, kept whatever comes back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from session_insights.errors import InsightsError, ReadingFailed, SettingsError
from session_insights.llm.asking import ClaudeUnavailable
from session_insights.stages import backfill
from session_insights.stages.backfill import cut_chunks
from session_insights.store.database import Connection, execute
from session_insights.store.facets import select_due
from tests.fakes.batches import expired
from tests.fakes.claude import FakeClaude, build, echo, error, refusal, says, truncated, valid
from tests.fakes.exchange import Response
from tests.integration.backfilling import Backfill, answering, asked, attempts, fill, read_by, session_of
from tests.store.test_facets import add_session

THREE = ("one", "two", "three")


@pytest.fixture
def claude() -> Iterator[FakeClaude]:
    with answering() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_SETTLE_SECONDS", 0.05)


def test_a_chunk_passes_neither_bound_and_loses_nobody() -> None:
    sizes = [(str(number), size) for number, size in enumerate([5, 5, 5, 20, 1, 1, 1, 1])]
    chunks = cut_chunks(sizes, most_requests=3, most_bytes=12)
    assert chunks == [["0", "1"], ["2"], ["3"], ["4", "5", "6"], ["7"]]
    assert cut_chunks([], most_requests=3, most_bytes=12) == []


def test_every_session_gets_its_own_answer_though_results_come_in_no_order(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, *THREE)
    claude.batches.default = valid(
        lambda request: build(request.schema) | {"underlying_goal": session_of(request.body)}
    )
    totals = Backfill(connection, claude).run()
    assert totals is not None
    rows = execute(connection, "select session_id, underlying_goal from insights.session_facets")
    assert {row["session_id"]: row["underlying_goal"] for row in rows} == {name: name for name in THREE}
    assert read_by(connection) == dict.fromkeys(THREE, "batch")
    assert totals["summary"].startswith("Read 3 of 3 sessions in 1 batch; $0.00")


def test_an_answer_of_a_batch_is_checked_as_every_other_and_costs_half(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "one")
    Backfill(connection, claude).run()
    [facet] = execute(connection, "select evidence, extraction_cost_usd from insights.session_facets")
    assert facet["evidence"]["outcome"] == [2]  # 99 is no entry
    [attempt] = execute(connection, "select * from insights.facet_extractions")
    tokens = (attempt["input_tokens"], attempt["output_tokens"])
    assert attempt["cost_usd"] == pytest.approx((tokens[0] * 0.10 + tokens[1] * 0.50) / 1e6 / 2)
    assert attempt["cost_usd"] == facet["extraction_cost_usd"]
    assert (attempt["reader"], attempt["dag_run_id"]) == ("batch", "run-1")


def test_a_request_carries_what_the_direct_reader_sends_and_no_session_id(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "parent/agent-7")
    Backfill(connection, claude, session_id="parent/agent-7").run()
    [request] = claude.batches.made[0].requests
    assert set(request["params"]) == {"model", "max_tokens", "messages", "system", "output_config"}
    assert request["custom_id"].replace("-", "").isalnum()
    assert len(request["custom_id"]) <= 64
    assert read_by(connection) == {"parent/agent-7": "batch"}


@pytest.mark.parametrize(
    ("behaviour", "state", "told"),
    [
        (refusal(), "refused", "Claude refused to answer"),
        (truncated(), "failed", "cut off after 4000 tokens"),
        (says("no idea"), "failed", "the answer is no JSON"),
        (says("[" * 100_000), "failed", "the answer is no JSON"),
        (echo(), "failed", "the answer is no JSON"),
        (error(400, told="prompt is too long"), "failed", "the request was rejected (prompt is too long)"),
        (error(529, told="overloaded"), "skipped", "overloaded"),
        (expired(), "skipped", "was not answered within 24 hours"),
    ],
)
def test_what_cannot_be_used_is_an_attempt_with_its_reason_and_the_others_stay(
    connection: Connection, claude: FakeClaude, behaviour: Any, state: str, told: str
) -> None:
    fill(connection, *THREE)
    claude.batches.answers = [behaviour]
    run = Backfill(connection, claude)
    assert run.run() is None
    [bad] = execute(connection, "select * from insights.facet_extractions where state <> 'ok'")
    assert (bad["state"], len(read_by(connection))) == (state, 2)
    assert told in bad["error"]
    assert bad["session_id"] in bad["error"]
    assert "1 of 3 sessions not read" in run.errors[0]
    assert "1 could not be read" in run.errors[-1]


def test_clearing_the_run_sends_again_only_what_could_not_be_read(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    claude.batches.answers = [expired()]
    first = Backfill(connection, claude)
    assert first.run() is None
    again = Backfill(connection, claude)
    totals = again.run()
    assert totals is not None
    assert again.errors == []
    assert sorted(again.chunks[0]) == sorted(first.chunks[0])
    assert [len(batch.requests) for batch in claude.batches.made] == [3, 1]
    assert totals["ok_count"] == 3
    assert sorted(read_by(connection)) == sorted(THREE)


def test_an_expired_session_is_due_at_once_and_a_wrong_answer_waits_its_turn(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "bad", "late")
    claude.batches.answers = [says("no"), expired()]
    Backfill(connection, claude).run()
    assert Backfill(connection, claude, "run-2").select() == [["late"]]


def test_force_reads_again_what_is_read_and_nothing_else_does(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    Backfill(connection, claude).run()
    Backfill(connection, claude).run()
    Backfill(connection, claude, "run-2").run()
    assert len(claude.batches.made) == 1
    Backfill(connection, claude, "run-3", force=True).run()
    assert [len(batch.requests) for batch in claude.batches.made] == [3, 3]


def test_clearing_submit_attaches_to_the_open_batch_even_with_force(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    claude.batches.seconds = 60
    run = Backfill(connection, claude, force=True)
    [chunk] = run.select()
    assert run.submit(chunk)["request_count"] == 3
    assert run.submit(chunk) == {
        "request_count": 0,
        "estimated_tokens": 0,
        "estimate_usd": 0.0,
        "left_out_count": 3,
    }
    assert run.settle() == ["msgbatch_0001"]
    assert len(claude.batches.made) == 1


def test_clearing_collect_keeps_each_answer_once(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    run = Backfill(connection, claude)
    run.run()
    before = attempts(connection)
    calls = len(claude.calls)
    assert run.collect(run.names[0])["ok_count"] == 3
    assert attempts(connection) == before
    assert len(claude.calls) == calls


def test_results_that_break_off_are_taken_up_where_they_broke(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    [name] = run.settle()
    claude.batches.cut_results_after = 2
    with pytest.raises(ClaudeUnavailable, match="cannot be reached"):
        run.collect(name)
    assert len(attempts(connection)) == 2
    assert run.collect(name)["ok_count"] == 3
    assert Counter(attempts(connection)) == Counter({(session_id, "ok"): 1 for session_id in THREE})


def test_a_batch_that_has_not_ended_is_not_collected(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, "one")
    claude.batches.seconds = 60
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    with pytest.raises(ClaudeUnavailable, match="msgbatch_0001 is still being answered"):
        run.collect(run.settle()[0])


def test_hostile_results_change_nobody_and_lose_nobody(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, "one", "two")
    add_session(connection, "bystander", human_prompt_count=0, active_minutes=0.0)
    stranger = {"custom_id": "bystander", "result": {"type": "succeeded", "message": {"content": []}}}
    claude.batches.extra_lines = [
        "not json",
        "[1, 2]",
        "[" * 50_000,
        json.dumps({"custom_id": None}),
        json.dumps({"result": 7}),
        json.dumps(stranger),
    ]
    totals = Backfill(connection, claude).run()
    assert totals is not None
    assert read_by(connection) == {"one": "batch", "two": "batch"}
    assert len(attempts(connection)) == 2


@pytest.mark.parametrize(
    "result",
    [
        {"type": "succeeded"},
        {"type": "succeeded", "message": {"content": None, "usage": None}},
        {"type": "succeeded", "message": {"content": [{"type": "text"}], "stop_reason": 7, "usage": {}}},
        {"type": "succeeded", "message": "all yours"},
    ],
)
def test_a_result_that_is_no_message_fails_its_session_at_an_unknown_price(
    connection: Connection, claude: FakeClaude, result: dict[str, Any]
) -> None:
    fill(connection, "one", "two")
    claude.batches.answers = [lambda _: Response({"result": result})]
    assert Backfill(connection, claude).run() is None
    [bad] = execute(connection, "select * from insights.facet_extractions where state <> 'ok'")
    assert (bad["state"], bad["cost_usd"]) == ("failed", None)
    assert "its result is no message" in bad["error"]


def test_a_result_that_is_missing_keeps_the_batch_open_and_says_whose_it_is(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "one", "two")
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    [name] = run.settle()
    claude.batches._finish(claude.batches.made[0])
    lost = claude.batches.made[0].results.pop()
    with pytest.raises(ClaudeUnavailable, match=r"1 results are missing .* session one"):
        run.collect(name)
    claude.batches.made[0].results.append(lost)
    assert run.collect(name)["ok_count"] == 2


def test_what_was_read_while_the_batch_was_under_way_stays_and_both_are_paid_for(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "one")
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    execute(
        connection,
        "insert into insights.session_facets (session_id, outcome, reader, prompt_version, prompt_hash, content_hash, "
        "extraction_model) values ('one', 'not_achieved', 'claude', 1, 'h', 'c1', 'm')",
    )
    run.collect(run.settle()[0])
    [facet] = execute(connection, "select outcome, reader from insights.session_facets")
    assert facet == {"outcome": "not_achieved", "reader": "claude"}
    assert attempts(connection) == [("one", "ok")]


def test_a_session_that_grew_meanwhile_keeps_the_answer_and_is_due_again(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "one")
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    execute(connection, "update insights.claude_sessions set content_hash = 'c2' where id = 'one'")
    run.collect(run.settle()[0])
    [facet] = execute(connection, "select content_hash from insights.session_facets")
    assert facet["content_hash"] == "c1"
    assert Backfill(connection, claude, "run-2").select() == [["one"]]


def test_a_purged_session_is_forgotten_by_its_batch(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, "one", "two")
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    execute(connection, "delete from insights.claude_sessions where id = 'one'")
    assert run.collect(run.settle()[0])["ok_count"] == 1
    assert read_by(connection) == {"two": "batch"}


def test_a_canceled_batch_can_be_sent_again_at_once(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    claude.batches.seconds = 60
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    claude.batches.made[0].is_canceled = True
    with pytest.raises(ReadingFailed, match="was canceled before its turn came; nothing was paid"):
        run.collect(run.settle()[0])
    claude.batches.seconds = 0
    totals = Backfill(connection, claude, "run-2").run()
    assert totals is not None
    assert totals["ok_count"] == 3


def test_a_dry_run_counts_and_prices_and_sends_nothing(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    totals = Backfill(connection, claude, dry_run=True).run()
    assert totals is not None
    assert totals["summary"].startswith("3 sessions, ")
    assert totals["summary"].endswith("; nothing was sent.")
    assert 0 < totals["estimate_usd"] < 0.01
    assert claude.calls == []
    assert execute(connection, "select count(*) as n from insights.facet_batches") == [{"n": 0}]


def test_the_estimate_is_at_half_price_and_stops_a_batch_before_it_is_sent(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, *THREE)
    run = Backfill(connection, claude)
    [chunk] = run.select()
    estimates = []

    def refuse(usd: float | None) -> None:
        estimates.append(usd)
        raise SettingsError("too much")

    with pytest.raises(SettingsError, match="too much"):
        run.submit(chunk, may_spend=refuse)
    assert claude.calls == []
    assert run.settle() == []
    sent = run.submit(chunk)
    assert estimates == [sent["estimate_usd"]]
    assert sent["estimate_usd"] == pytest.approx((sent["estimated_tokens"] * 0.05 + 3 * 900 * 0.25) / 1e6)


def test_a_cap_sees_what_is_on_its_way_besides_what_is_to_be_sent(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, "one", "two")
    run = Backfill(connection, claude)
    estimates: list[float | None] = []
    first, second = (run.submit([name], may_spend=estimates.append) for name in ("one", "two"))
    assert estimates == [first["estimate_usd"], pytest.approx(first["estimate_usd"] + second["estimate_usd"])]
    for name in run.settle():
        run.collect(name)
    run.params["force"] = True
    third = run.submit(["one"], may_spend=estimates.append)
    assert estimates[2] == third["estimate_usd"]


def test_a_session_in_a_batch_is_not_due_for_anybody_until_two_days_later(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "one")
    claude.batches.seconds = 60
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    rules: dict[str, Any] = {"reader": "claude", "prompt_version": 1, "limit": 9, "quiet_minutes": 10, "attempts": 3}
    assert select_due(connection, now=datetime.now(UTC), **rules) == []
    execute(connection, "update insights.facet_batches set planned_at = now() - interval '2 days'")
    assert [due.session_id for due in select_due(connection, now=datetime.now(UTC), **rules)] == ["one"]


def test_two_runs_at_once_never_share_a_session(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    first, second = Backfill(connection, claude), Backfill(connection, claude, "run-2")
    [chunk], [same] = first.select(), second.select()
    assert first.submit(chunk[:2])["request_count"] == 2
    assert second.submit(same)["request_count"] == 1
    assert asked(claude) == sorted(THREE)


def test_answers_of_a_run_that_broke_off_are_collected_by_the_next(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, "one")
    broken = Backfill(connection, claude)
    broken.submit(broken.select()[0])
    fill(connection, "two")
    assert Backfill(connection, claude, "run-2").run() is not None
    assert read_by(connection) == {"one": "batch", "two": "batch"}
    assert asked(claude) == ["one", "two"]


def test_a_batch_that_the_api_does_not_know_is_not_given_up_before_its_results_are_gone(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, "one")
    run = Backfill(connection, claude)
    run.submit(run.select()[0])
    [name] = run.settle()
    claude.batches.made.clear()
    with pytest.raises(SettingsError, match="does 'anthropic_default' lead to another workspace"):
        run.collect(name)
    execute(connection, "update insights.facet_batches set planned_at = now() - interval '30 days'")
    with pytest.raises(ReadingFailed, match="the results of its batch are past keeping"):
        run.collect(name)
    [lost] = execute(connection, "select state, cost_usd from insights.facet_extractions")
    assert lost == {"state": "skipped", "cost_usd": None}
    assert run.settle() == []


def test_a_name_that_no_batch_has_is_refused(connection: Connection, claude: FakeClaude) -> None:
    with pytest.raises(SettingsError, match="batch nobody: not known"):
        Backfill(connection, claude).collect("nobody")


def test_without_a_connection_the_remedy_is_named(connection: Connection, claude: FakeClaude) -> None:
    run = Backfill(connection, claude)
    run.place["claude"] = None
    with pytest.raises(InsightsError, match="anthropic_default"):
        run.select()
