"""Tokens → dollars."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from session_insights.llm.cost import price_message

AT = datetime(2026, 11, 15, 9, tzinfo=UTC)
NONE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cache_read_tokens": 0,
    "cache_write_5m_tokens": 0,
    "cache_write_1h_tokens": 0,
}


@pytest.mark.parametrize(
    ("kind", "dollars"),
    [
        ("input_tokens", 2.0),
        ("output_tokens", 10.0),
        ("cache_read_tokens", 0.1),
        ("cache_write_5m_tokens", 2.5),
        ("cache_write_1h_tokens", 4.0),
    ],
)
def test_each_kind_of_token_has_its_own_price(kind: str, dollars: float) -> None:
    assert price_message("claude-sonnet-5-5", AT, **(NONE | {kind: 1_000_000})) == pytest.approx(dollars)


def test_agrees_with_the_library_on_a_mixed_message() -> None:
    from genai_prices import Usage, calc_price

    theirs = calc_price(
        Usage(
            input_tokens=10 + 50_000 + 3_000 + 2_000,
            output_tokens=700,
            cache_read_tokens=50_000,
            cache_write_tokens=5_000,
            cache_write_1h_tokens=2_000,
        ),
        "claude-haiku-5-5",
        provider_id="anthropic",
        genai_request_timestamp=AT,
    )
    ours = price_message(
        "claude-haiku-5-5",
        AT,
        input_tokens=10,
        output_tokens=700,
        cache_read_tokens=50_000,
        cache_write_5m_tokens=3_000,
        cache_write_1h_tokens=2_000,
    )
    assert ours == pytest.approx(float(theirs.total_price))


def test_a_prompt_over_the_threshold_costs_the_higher_rate_for_every_token() -> None:
    at_threshold = price_message("claude-haiku-5-5", AT, **(NONE | {"input_tokens": 100_000}))
    above = price_message("claude-haiku-5-5", AT, **(NONE | {"input_tokens": 100_001}))
    assert at_threshold == pytest.approx(0.01)
    assert above == pytest.approx(0.0500005)


def test_a_batch_costs_half() -> None:
    whole = price_message("claude-haiku-5-5", AT, **(NONE | {"input_tokens": 5000, "output_tokens": 800}))
    half = price_message("claude-haiku-5-5", AT, **(NONE | {"input_tokens": 5000, "output_tokens": 800}), is_batch=True)
    assert whole is not None
    assert half == pytest.approx(whole / 2)


@pytest.mark.parametrize("model", ["in-house-unpriced-1", "<synthetic>", "", "claude"])
def test_a_model_without_a_list_price_is_unpriced_and_not_free(model: str) -> None:
    assert price_message(model, AT, **(NONE | {"input_tokens": 1000})) is None


def test_a_dated_name_and_a_bedrock_name_find_the_list_price() -> None:
    for model in ("claude-sonnet-4-5-20250929", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"):
        assert price_message(model, AT, **(NONE | {"output_tokens": 1_000_000})) == pytest.approx(15.0, rel=0.11)


def test_a_hundred_thousand_messages_are_priced_within_a_second_of_a_core() -> None:
    started = time.process_time()
    for n in range(100_000):
        price_message("claude-opus-5-5", AT, **(NONE | {"input_tokens": n}))
    assert time.process_time() - started < 1.0
