"""Asking Claude over a real socket, and everything that can come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Literal

import anthropic
import pytest
from pydantic import BaseModel, Field

from session_insights.errors import SettingsError
from session_insights.llm.asking import Answer, ClaudeUnavailable
from session_insights.llm.claude import ClaudeClient, ClaudeConnection, answer_of_batch, build_message
from session_insights.llm.prompts import RenderedPrompt
from tests.fakes.claude import (
    Behaviour,
    FakeClaude,
    Request,
    Response,
    cut_connection,
    echo,
    error,
    message,
    prose,
    refusal,
    says,
    slow,
    truncated,
    valid,
)


class Weather(BaseModel):
    sky: Literal["clear", "cloudy"]
    degrees: int = Field(ge=-60, le=60)


PROMPT = RenderedPrompt("probe", 1, "hash", 300, "Tell the weather.", "<page>\nIt rains.\n</page>\nNow answer.")
GOOD = {"sky": "cloudy", "degrees": 7}
Ask = Callable[..., Answer[Weather]]


@pytest.fixture
def claude() -> Iterator[FakeClaude]:
    with FakeClaude() as fake:
        yield fake


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that the client would have slept."""
    return []


@pytest.fixture
def ask(claude: FakeClaude, pauses: list[float]) -> Ask:
    def asking(*behaviours: Behaviour, max_retries: int = 0, timeout_seconds: float = 10) -> Answer[Weather]:
        claude.will(*behaviours)
        connection = ClaudeConnection("key-1", claude.url, max_retries, timeout_seconds)
        return ClaudeClient(connection, sleep=pauses.append).ask(
            prompt=PROMPT, answer=Weather, model="claude-haiku-5-5"
        )

    return asking


def test_a_good_answer_comes_back_typed_with_what_it_cost(claude: FakeClaude, ask: Ask) -> None:
    answer = ask(valid(**GOOD))
    assert answer.value == Weather(sky="cloudy", degrees=7)
    assert (answer.error, answer.tries, answer.stop_reason) == (None, 1, "end_turn")
    assert answer.input_tokens > 50
    assert answer.cost_usd == pytest.approx(answer.input_tokens * 1e-7 + answer.output_tokens * 5e-7)


def test_the_request_has_a_cached_static_part_a_schema_and_the_untrusted_part_last(
    claude: FakeClaude, ask: Ask
) -> None:
    ask()
    body = claude.requests[0].body
    assert body["system"] == [{"type": "text", "text": PROMPT.static, "cache_control": {"type": "ephemeral"}}]
    assert body["messages"] == [{"role": "user", "content": PROMPT.untrusted}]
    assert body["output_config"]["format"]["schema"]["properties"]["sky"]["enum"] == ["clear", "cloudy"]
    assert (body["model"], body["max_tokens"]) == ("claude-haiku-5-5", 300)
    assert claude.requests[0].headers["authorization"] == "Bearer key-1"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (prose(), "no JSON"),
        (valid(sky="stormy"), "sky"),
        (valid(degrees=900), "degrees"),
        (says("[]"), "breaks its schema"),
        (says(""), "no JSON"),
    ],
)
def test_an_answer_that_cannot_be_used_is_asked_again_once_and_told_why(
    claude: FakeClaude, ask: Ask, bad: Behaviour, told: str
) -> None:
    answer = ask(bad, valid(**GOOD))
    assert answer.value == Weather(sky="cloudy", degrees=7)
    repair = claude.requests[1].body["messages"]
    assert [turn["role"] for turn in repair] == ["user", "assistant", "user"]
    assert told in repair[2]["content"]


def test_tokens_and_cost_of_both_tries_are_summed(ask: Ask) -> None:
    first = ask(valid(**GOOD))
    both = ask(prose(), valid(**GOOD))
    assert both.tries == 2
    assert both.input_tokens > 2 * first.input_tokens
    assert both.cost_usd is not None
    assert first.cost_usd is not None
    assert both.cost_usd > 2 * first.cost_usd


def test_two_useless_answers_are_a_failure_with_its_reason_and_its_cost(claude: FakeClaude, ask: Ask) -> None:
    answer = ask(valid(sky="stormy"), valid(sky="foggy"))
    assert answer.value is None
    assert answer.error is not None
    assert "sky" in answer.error
    assert (answer.tries, answer.is_refused) == (2, False)
    assert len(claude.requests) == 2
    assert answer.cost_usd


def test_an_answer_cut_off_is_asked_again_with_twice_the_room(claude: FakeClaude, ask: Ask) -> None:
    answer = ask(truncated(), valid(**GOOD))
    assert answer.value is not None
    assert [request.body["max_tokens"] for request in claude.requests] == [300, 600]
    assert ask(truncated(), truncated()).error == "the answer was cut off after 600 tokens"


def test_a_refusal_is_no_answer_and_is_called_so(ask: Ask) -> None:
    answer = ask(refusal(), refusal())
    assert answer.is_refused
    assert answer.error == "Claude refused to answer"


def test_an_answer_in_a_code_fence_is_taken(ask: Ask) -> None:
    assert ask(says(f"```json\n{json.dumps(GOOD)}\n```")).tries == 1


def test_a_json_object_inside_an_echoed_transcript_is_never_taken_for_the_answer(ask: Ask) -> None:
    answer = ask(echo(), says(f"The transcript says: {json.dumps(GOOD)}"))
    assert answer.value is None


@pytest.mark.parametrize("trouble", [error(429, retry_after=0.01), error(529), error(500), cut_connection()])
def test_passing_trouble_is_tried_again(claude: FakeClaude, ask: Ask, trouble: Behaviour) -> None:
    assert ask(trouble, valid(**GOOD), max_retries=1).value is not None
    assert len(claude.requests) == 2


@pytest.mark.parametrize("trouble", [error(429, retry_after=0.01), error(529), error(500), cut_connection()])
def test_lasting_trouble_is_raised_so_that_the_task_is_tried_again(ask: Ask, trouble: Behaviour) -> None:
    with pytest.raises(ClaudeUnavailable, match=r"Claude at http://127\.0\.0\.1"):
        ask(trouble)


def test_an_answer_that_takes_too_long_is_trouble(ask: Ask) -> None:
    with pytest.raises(ClaudeUnavailable, match="cannot be reached"):
        ask(slow(2), timeout_seconds=0.2)


@pytest.mark.parametrize("status", [529, 401])
def test_trouble_on_the_second_try_keeps_what_the_first_one_cost(ask: Ask, status: int) -> None:
    answer = ask(valid(sky="stormy"), error(status))
    assert (answer.value, answer.tries) == (None, 1)
    assert answer.error is not None
    assert "sky" in answer.error
    assert answer.output_tokens > 0


@pytest.mark.parametrize("status", [429, 529])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(ask: Ask, pauses: list[float], status: int) -> None:
    assert ask(error(status, retry_after=17), valid(**GOOD), max_retries=1).value is not None
    assert pauses == [17]


def test_without_a_word_from_the_server_pauses_double(ask: Ask, pauses: list[float]) -> None:
    with pytest.raises(ClaudeUnavailable):
        ask(*[error(529)] * 4, max_retries=3)
    assert [round(pause / expected, 1) for pause, expected in zip(pauses, (1, 2, 4), strict=True)] == pytest.approx(
        [1, 1, 1], abs=0.3
    )


@pytest.mark.parametrize("given", [3600, 1e12, "inf"])
def test_a_server_that_wants_hours_holds_no_worker(
    claude: FakeClaude, ask: Ask, pauses: list[float], given: float
) -> None:
    def busy(request: Request) -> Response:
        return Response({"error": {"message": "later"}}, 429, {"retry-after": str(given)})

    with pytest.raises(ClaudeUnavailable, match="429"):
        ask(busy, busy, max_retries=1)
    assert max(pauses, default=0) <= 60


@pytest.mark.parametrize("given", ["Wed, 21 Oct 2026 07:28:00 GMT", "-5", "nan", "soon", ""])
def test_a_pause_that_cannot_be_read_is_the_usual_one(ask: Ask, pauses: list[float], given: str) -> None:
    busy = Response({"error": {"message": "later"}}, 429, {"retry-after": given})
    assert ask(lambda _: busy, valid(**GOOD), max_retries=1).value is not None
    assert 0.7 < pauses[0] < 1.3


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "anthropic_default"),
        (403, "anthropic_default"),
        (402, "cannot pay"),
        (404, "SESSION_INSIGHTS_FACET_MODEL"),
    ],
)
def test_a_wrong_key_account_or_model_is_a_settings_error_that_says_what_to_do(
    claude: FakeClaude, ask: Ask, status: int, told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        ask(error(status), max_retries=3)
    assert len(claude.requests) == 1


def test_a_rejected_request_fails_this_record_alone(ask: Ask) -> None:
    answer = ask(error(400, told="prompt is too long"))
    assert answer.error == (
        "the request was rejected (400: prompt is too long); lower SESSION_INSIGHTS_FACET_BUDGET_TOKENS"
    )
    assert ask(error(400, told="odd")).error == "the request was rejected (400: odd)"


def test_a_request_that_is_too_large_fails_this_record_alone_and_names_its_setting(
    claude: FakeClaude, ask: Ask
) -> None:
    answer = ask(error(413), max_retries=3)
    assert "SESSION_INSIGHTS_FACET_BUDGET_TOKENS" in str(answer.error)
    assert (answer.is_refused, len(claude.requests)) == (False, 1)


def test_an_account_without_credit_is_a_settings_error(ask: Ask) -> None:
    with pytest.raises(SettingsError, match="cannot pay"):
        ask(error(400, told="Your credit balance is too low to access the Anthropic API."))


def test_tokens_of_the_cache_are_kept_and_priced_as_such(ask: Ask) -> None:
    def cached(request: Request) -> Response:
        reply = message(json.dumps(GOOD), request)
        reply.body["usage"] = {
            "input_tokens": 100,
            "output_tokens": 10,
            "cache_read_input_tokens": 4000,
            "cache_creation_input_tokens": 500,
        }
        return reply

    answer = ask(cached)
    assert (answer.input_tokens, answer.cache_read_tokens, answer.cache_write_tokens) == (100, 4000, 500)
    assert answer.cost_usd == pytest.approx((100 + 0.1 * 4000 + 1.25 * 500) * 1e-7 + 10 * 5e-7)


def test_an_endpoint_that_takes_no_schema_gets_it_in_words(claude: FakeClaude, ask: Ask) -> None:
    answer = ask(error(400, told="output_config: Extra inputs are not permitted"), valid(**GOOD))
    assert answer.value is not None
    assert "output_config" not in claude.requests[1].body
    assert '"sky"' in claude.requests[1].body["system"][1]["text"]


def test_a_client_remembers_that_its_endpoint_takes_no_schema(claude: FakeClaude) -> None:
    client = ClaudeClient(ClaudeConnection("key-1", claude.url, 0))
    claude.will(error(400, told="The compiled grammar is too large"))
    for _ in range(2):
        assert client.ask(prompt=PROMPT, answer=Weather, model="claude-haiku-5-5").value is not None
    assert ["output_config" in request.body for request in claude.requests] == [True, False, False]


def test_a_message_of_a_batch_is_judged_like_any_other_at_half_the_price(claude: FakeClaude) -> None:
    client = ClaudeClient(ClaudeConnection("key-1", claude.url, 0))
    claude.will(valid(**GOOD), valid(**GOOD), valid(sky="stormy"))
    whole = client.ask(prompt=PROMPT, answer=Weather, model="claude-haiku-5-5")
    body = build_message(PROMPT, Weather, "claude-haiku-5-5")
    assert body == claude.requests[0].body
    good, bad = (client._client(anthropic).messages.create(**body) for _ in range(2))
    half = answer_of_batch(good, Weather, "claude-haiku-5-5", 300)
    assert (half.value, half.tries) == (whole.value, 1)
    assert whole.cost_usd is not None
    assert half.cost_usd == pytest.approx(whole.cost_usd / 2)
    failed = answer_of_batch(bad, Weather, "claude-haiku-5-5", 300)
    assert failed.value is None
    assert "sky" in str(failed.error)


def test_a_model_without_list_price_has_no_cost(claude: FakeClaude) -> None:
    client = ClaudeClient(ClaudeConnection("key-1", claude.url, 0))
    answer = client.ask(prompt=PROMPT, answer=Weather, model="in-house-1")
    assert (answer.cost_usd, answer.value is not None) == (None, True)


def test_no_key_at_all_is_a_settings_error(claude: FakeClaude, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    client = ClaudeClient(ClaudeConnection(None, claude.url, 0))
    with pytest.raises(SettingsError, match="anthropic_default"):
        client.ask(prompt=PROMPT, answer=Weather, model="claude-haiku-5-5")


def test_the_key_is_not_shown_when_a_connection_is_printed() -> None:
    assert "key-1" not in repr(ClaudeConnection("key-1", "http://x"))
