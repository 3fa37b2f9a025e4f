"""Tokens → dollars at list price, from the prices that ship inside the genai-prices package; nothing is fetched."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

# Where a model's list price is looked for: its maker, then Bedrock's names, then whoever makes a model of that name.
_PROVIDERS = ("anthropic", "aws", None)
_KINDS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
_Rates = tuple[float, float, float, float, float]  # dollars a token, in the order of _KINDS


def price_message(
    model: str,
    at: datetime | None,
    *,
    input_tokens: int,
    output_tokens: int,
    cache_read_tokens: int,
    cache_write_5m_tokens: int,
    cache_write_1h_tokens: int,
    is_batch: bool = False,
) -> float | None:
    """List price of one API message in dollars.

    Rates depend on the day of the message (a price that changes within a day counts as at noon UTC) and, for
    models priced by prompt length, on all input tokens of the request. A cache write without a price of its own costs
    what the input costs; one for an hour without its own costs twice the input.

    Args:
        at: When it was answered; None means today.
        input_tokens: Those outside the cache, as the API counts them.
        is_batch: Answered by the Message Batches API.

    Returns:
        None when the model has no list price, which is not the same as free.
    """
    tiers = _tiers(model, at.astimezone(UTC).date() if at is not None else None, is_batch)
    if not tiers:
        return None
    prompt_tokens = input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
    rates = tiers[0][1]
    for start, later in tiers[1:]:
        if prompt_tokens > start:
            rates = later
    return (
        input_tokens * rates[0]
        + output_tokens * rates[1]
        + cache_read_tokens * rates[2]
        + cache_write_5m_tokens * rates[3]
        + cache_write_1h_tokens * rates[4]
    )


@cache
def _tiers(model: str, day: date | None, is_batch: bool) -> tuple[tuple[int, _Rates], ...]:
    """Rates by prompt length: (above so many prompt tokens, rates), smallest first; empty without a price."""
    # Importing costs a quarter of a second, and most tasks price nothing.
    from genai_prices.data_snapshot import get_snapshot

    noon = datetime.combine(day, time(12), UTC) if day is not None else datetime.now(UTC)
    for provider in _PROVIDERS:
        try:
            _, info = get_snapshot().find_provider_model(model, None, provider, None)
        except LookupError:
            continue
        prices = info.get_prices(noon, {"processing": "batch"} if is_batch else None)
        found = {kind: getattr(prices, kind, None) for kind in _KINDS}
        if found["input_mtok"] is None or found["output_mtok"] is None:
            continue
        starts = {0} | {tier.start for price in found.values() for tier in getattr(price, "tiers", ())}
        return tuple((start, _rates(found, start)) for start in sorted(starts))
    return ()


def _rates(found: dict[str, Any], start: int) -> _Rates:
    def rate(kind: str) -> float | None:
        price = found[kind]
        if hasattr(price, "tiers"):
            reached = [tier.price for tier in price.tiers if tier.start <= start and start > 0]
            price = reached[-1] if reached else price.base
        return float(price) / 1_000_000 if price is not None else None

    fresh, output = rate("input_mtok") or 0.0, rate("output_mtok") or 0.0
    read, write, write_1h = rate("cache_read_mtok"), rate("cache_write_mtok"), rate("cache_write_1h_mtok")
    return (
        fresh,
        output,
        read if read is not None else fresh,
        write if write is not None else fresh,
        write_1h if write_1h is not None else 2 * fresh,
    )
