"""One question, one typed answer, whoever carries it: asked again once when it cannot be used, every token counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from session_insights.errors import InsightsError, SettingsError
from session_insights.llm.prompts import RenderedPrompt

T = TypeVar("T", bound=BaseModel)
Messages = list[dict[str, Any]]
_TRIES = 2
_MOST_OUTPUT_TOKENS = 32_000
_CUT_OFF = ("max_tokens", "model_context_window_exceeded")


class ClaudeUnavailable(InsightsError):
    """Claude does not answer now: the network, a limit, an overload. Trying again later helps."""


class Rejected(Exception):
    """This request is never taken; another one may be fine. The message is a clause."""


@dataclass(frozen=True)
class Reply:
    """What came back of one try, and what it cost."""

    text: str
    model: str
    stop_reason: str | None
    error: str | None = None  # why the text is no answer, where the carrier says so
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = 0.0  # None: the model has no list price


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came back, summed over the tries; either `value` or `error` is there."""

    value: T | None
    error: str | None  # a clause, such as `the answer was cut off after 4000 tokens`
    model: str
    stop_reason: str | None = None  # of the last try
    tries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = 0.0  # None: the model has no list price
    duration_seconds: float = 0.0

    @property
    def is_refused(self) -> bool:
        return self.value is None and self.stop_reason == "refusal"


class Client(Protocol):
    """Whoever carries a question to Claude: the Messages API, or the `claude` command."""

    def ask(self, *, prompt: RenderedPrompt, answer: type[T], model: str) -> Answer[T]:
        """Ask once, and once more when the answer cannot be used.

        Returns:
            The checked answer, or the reason why there is none. What was paid stands in it either way.

        Raises:
            SettingsError: Key, model, address or command is wrong, or the account has no credit.
            ClaudeUnavailable: No answer now.
        """


def ask_twice(
    send: Callable[[Messages, int], Reply], *, prompt: RenderedPrompt, answer: type[T], model: str
) -> Answer[T]:
    """Ask by `send(messages, max_tokens)`; a second time when the answer cannot be used.

    The second try is told what was wrong; one that ran out of tokens gets twice as many; a refusal is asked again
    as it was. Trouble on the second try is no reason to lose what the first one cost.

    Raises:
        ClaudeUnavailable, SettingsError: `send` raised it on the first try.
    """
    started = time.perf_counter()
    tally = Tally(model)
    messages: Messages = [{"role": "user", "content": prompt.untrusted}]
    max_tokens = prompt.max_tokens
    value: T | None = None
    error: str | None = None
    for _ in range(_TRIES):
        try:
            reply = send(messages, max_tokens)
        except (ClaudeUnavailable, SettingsError):
            if not tally.replies:
                raise
            break
        except Rejected as rejected:
            error = str(rejected)
            break
        tally.replies.append(reply)
        value, error = judge_reply(reply, answer, max_tokens)
        if value is not None or reply.error is not None:
            break
        if reply.stop_reason in _CUT_OFF:
            max_tokens = min(2 * max_tokens, _MOST_OUTPUT_TOKENS)
        elif reply.stop_reason != "refusal":
            messages = [*messages[:1], *_repair(reply.text, error)]
    return tally.answer(value, error if value is None else None, time.perf_counter() - started)


def judge_reply(reply: Reply, answer: type[T], max_tokens: int) -> tuple[T | None, str | None]:
    """The typed answer in a reply, or why there is none, as a clause."""
    if reply.stop_reason == "refusal":
        return None, "Claude refused to answer"
    if reply.stop_reason in _CUT_OFF:
        return None, f"the answer was cut off after {max_tokens} tokens"
    return (None, reply.error) if reply.error is not None else check_answer(reply.text, answer)


def check_answer(text: str, answer: type[T]) -> tuple[T | None, str | None]:
    """The typed answer, or what is wrong with it.

    The whole text must be the JSON object, with a code fence at most: an object found inside prose could be one that
    was quoted from a transcript.
    """
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        bare = bare.strip("`").removeprefix("json").strip()
    try:
        data = json.loads(bare)
    except (ValueError, RecursionError) as error:
        return None, f"the answer is no JSON: {error}"
    try:
        return answer.model_validate(data), None
    except ValidationError as error:
        places = [f"{'.'.join(str(part) for part in e['loc']) or 'answer'}: {e['msg']}" for e in error.errors()[:5]]
        return None, f"the answer breaks its schema: {'; '.join(places)}"


def _repair(text: str, error: str | None) -> Messages:
    told = f"This cannot be used: {error}. Give the whole answer again: the JSON object asked for and nothing else."
    return [{"role": "assistant", "content": text.strip() or "(nothing)"}, {"role": "user", "content": told}]


@dataclass
class Tally:
    """Tokens and dollars of the tries so far."""

    model: str
    replies: list[Reply] = field(default_factory=list)

    def answer(self, value: T | None, error: str | None, seconds: float) -> Answer[T]:
        last = self.replies[-1] if self.replies else None
        costs = [reply.cost_usd for reply in self.replies]
        return Answer(
            value=value,
            error=error,
            model=last.model if last else self.model,
            stop_reason=last.stop_reason if last else None,
            tries=len(self.replies),
            input_tokens=sum(reply.input_tokens for reply in self.replies),
            output_tokens=sum(reply.output_tokens for reply in self.replies),
            cache_read_tokens=sum(reply.cache_read_tokens for reply in self.replies),
            cache_write_tokens=sum(reply.cache_write_tokens for reply in self.replies),
            cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
            duration_seconds=seconds,
        )
