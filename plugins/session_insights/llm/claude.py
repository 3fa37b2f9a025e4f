"""One question to Claude, one typed answer: asked again once when it cannot be used, every token counted."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from session_insights.errors import InsightsError, SettingsError
from session_insights.llm.cost import price_message
from session_insights.llm.prompts import RenderedPrompt

T = TypeVar("T", bound=BaseModel)
_Messages = list[dict[str, Any]]
_TRIES = 2
_MOST_OUTPUT_TOKENS = 32_000
_CUT_OFF = ("max_tokens", "model_context_window_exceeded")


class ClaudeUnavailable(InsightsError):
    """Claude does not answer now: the network, a limit, an overload. Trying again later helps."""


@dataclass(frozen=True)
class ClaudeConnection:
    """How to reach Claude, or anything that speaks its Messages API."""

    api_key: str | None = None  # None: the SDK looks for its own
    base_url: str | None = None  # None: Anthropic
    max_retries: int = 3
    timeout_seconds: float = 120.0

    def __repr__(self) -> str:
        return f"ClaudeConnection(base_url={self.base_url!r})"


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


class ClaudeClient:
    """Speaks to the Messages API; keeps its HTTP connection, so make one and use it for many questions."""

    def __init__(self, connection: ClaudeConnection) -> None:
        self.connection = connection
        self._sdk: Any = None
        self._has_schemas = True

    def ask(self, *, prompt: RenderedPrompt, answer: type[T], model: str) -> Answer[T]:
        """Ask once, and once more when the answer cannot be used.

        The second try is told what was wrong; one that ran out of tokens gets twice as many; a refusal is asked again
        as it was.

        Returns:
            The checked answer, or the reason why there is none. What was paid stands in it either way.

        Raises:
            SettingsError: The key, the model or the address is wrong, or the account has no credit.
            ClaudeUnavailable: No answer after the SDK's own retries.
        """
        started = time.perf_counter()
        tally = _Tally(model)
        messages: _Messages = [{"role": "user", "content": prompt.untrusted}]
        max_tokens = prompt.max_tokens
        value: T | None = None
        error: str | None = None
        for _ in range(_TRIES):
            try:
                reply = self._send(prompt, answer, model, messages, max_tokens)
            except ClaudeUnavailable:
                if tally.tries == 0:
                    raise
                break  # what the first try cost must not be lost
            except _Rejected as rejected:
                error = str(rejected)
                break
            tally.add(reply)
            value, error = judge_message(reply, answer, max_tokens)
            if value is not None:
                break
            if reply.stop_reason in _CUT_OFF:
                max_tokens = min(2 * max_tokens, _MOST_OUTPUT_TOKENS)
            elif reply.stop_reason != "refusal":
                messages = [*messages[:1], *_repair(_text(reply), error)]
        return tally.answer(value, error if value is None else None, time.perf_counter() - started)

    def _send(
        self,
        prompt: RenderedPrompt,
        answer: type[BaseModel],
        model: str,
        messages: _Messages,
        max_tokens: int,
    ) -> Any:
        import anthropic  # takes a second or two, and most tasks never ask

        request = build_message(prompt, answer, model) | {"max_tokens": max_tokens, "messages": messages}
        if not self._has_schemas:
            schema = request.pop("output_config")["format"]["schema"]
            described = f"Answer with one JSON object of this schema and nothing else:\n{json.dumps(schema)}"
            request["system"].append({"type": "text", "text": described})
        try:
            return self._client(anthropic).messages.create(**request)
        except (anthropic.AuthenticationError, anthropic.PermissionDeniedError) as error:
            raise SettingsError(
                f"Claude at {self._where} refused the API key ({error.status_code}: {_told(error)}); "
                "see the connection 'anthropic_default', or ANTHROPIC_API_KEY."
            ) from None
        except anthropic.PaymentRequiredError as error:
            raise SettingsError(f"Claude at {self._where}: the account cannot pay ({_told(error)}).") from None
        except anthropic.NotFoundError as error:
            raise SettingsError(
                f"Claude at {self._where} knows no model '{model}' ({_told(error)}); set "
                "SESSION_INSIGHTS_FACET_MODEL or SESSION_INSIGHTS_NARRATIVE_MODEL."
            ) from None
        except (anthropic.BadRequestError, anthropic.UnprocessableEntityError) as error:
            if self._has_schemas and any(word in _told(error) for word in ("output_config", "schema", "grammar")):
                # Some endpoints and models take no schema: it is put into words, and the answer is checked here anyway.
                self._has_schemas = False
                return self._send(prompt, answer, model, messages, max_tokens)
            raise _Rejected(f"the request was rejected ({error.status_code}: {_told(error)})") from None
        except anthropic.ContentTooLargeError as error:
            raise _Rejected(f"the request is too large ({_told(error)})") from None
        except anthropic.APIStatusError as error:
            raise ClaudeUnavailable(f"Claude at {self._where} answers {error.status_code}: {_told(error)}") from None
        except anthropic.APIConnectionError as error:
            raise ClaudeUnavailable(f"Claude at {self._where} cannot be reached: {error}") from None
        except TypeError as error:
            if "authentication" not in str(error):
                raise
            raise SettingsError(
                "No key for Claude; see the connection 'anthropic_default', or ANTHROPIC_API_KEY."
            ) from None

    def _client(self, anthropic: Any) -> Any:
        if self._sdk is None:
            try:
                self._sdk = anthropic.Anthropic(
                    api_key=self.connection.api_key,
                    base_url=self.connection.base_url,
                    max_retries=self.connection.max_retries,
                    timeout=self.connection.timeout_seconds,
                )
            except anthropic.AnthropicError as error:
                raise SettingsError(f"No way to ask Claude: {error}; see the connection 'anthropic_default'.") from None
        return self._sdk

    @property
    def _where(self) -> str:
        return self.connection.base_url or "api.anthropic.com"


class _Rejected(Exception):
    """The API takes this request never; another one may be fine."""


def build_message(prompt: RenderedPrompt, answer: type[BaseModel], model: str) -> dict[str, Any]:
    """The body of one question, as the Messages API and a batch of it take it."""
    return {
        "model": model,
        "max_tokens": prompt.max_tokens,
        "messages": [{"role": "user", "content": prompt.untrusted}],
        "system": [{"type": "text", "text": prompt.static, "cache_control": {"type": "ephemeral"}}],
        "output_config": {"format": {"type": "json_schema", "schema": _schema_of(answer)}},
    }


@cache
def _schema_of(answer: type[BaseModel]) -> dict[str, Any]:
    import anthropic  # takes a second or two, and most tasks never ask

    return anthropic.transform_schema(answer)


def judge_message(message: Any, answer: type[T], max_tokens: int) -> tuple[T | None, str | None]:
    """The typed answer in a message of the API, or why there is none, as a clause."""
    if message.stop_reason == "refusal":
        return None, "Claude refused to answer"
    if message.stop_reason in _CUT_OFF:
        return None, f"the answer was cut off after {max_tokens} tokens"
    return check_answer(_text(message), answer)


def answer_of_batch(message: Any, answer: type[T], model: str, max_tokens: int) -> Answer[T]:
    """One message of a batch, checked like any other, at the price of a batch."""
    tally = _Tally(model, is_batch=True)
    tally.add(message)
    value, error = judge_message(message, answer, max_tokens)
    return tally.answer(value, error, 0.0)


def _text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


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


def _repair(text: str, error: str | None) -> _Messages:
    told = f"This cannot be used: {error}. Give the whole answer again: the JSON object asked for and nothing else."
    return [{"role": "assistant", "content": text.strip() or "(nothing)"}, {"role": "user", "content": told}]


def _told(error: Any) -> str:
    """What the server says, in one line."""
    return " ".join(str(error.api_message or error.message).split())[:300]


class _Tally:
    """Tokens and dollars of the tries so far."""

    def __init__(self, model: str, *, is_batch: bool = False) -> None:
        self.model = model
        self.is_batch = is_batch
        self.tries = 0
        self.stop_reason: str | None = None
        self.tokens = [0, 0, 0, 0]
        self.cost_usd: float | None = 0.0

    def add(self, reply: Any) -> None:
        usage = reply.usage
        read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
        by_age = getattr(usage, "cache_creation", None)
        hour = (getattr(by_age, "ephemeral_1h_input_tokens", 0) or 0) if by_age is not None else 0
        self.tries += 1
        self.model, self.stop_reason = reply.model or self.model, reply.stop_reason
        spent = (usage.input_tokens or 0, usage.output_tokens or 0, read, write)
        self.tokens = [before + now for before, now in zip(self.tokens, spent, strict=True)]
        cost = price_message(
            self.model,
            datetime.now(UTC),
            input_tokens=spent[0],
            output_tokens=spent[1],
            cache_read_tokens=read,
            cache_write_5m_tokens=max(0, write - hour),
            cache_write_1h_tokens=hour,
            is_batch=self.is_batch,
        )
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost

    def answer(self, value: T | None, error: str | None, seconds: float) -> Answer[T]:
        fresh, output, read, write = self.tokens
        return Answer(
            value=value,
            error=error,
            model=self.model,
            stop_reason=self.stop_reason,
            tries=self.tries,
            input_tokens=fresh,
            output_tokens=output,
            cache_read_tokens=read,
            cache_write_tokens=write,
            cost_usd=self.cost_usd,
            duration_seconds=seconds,
        )
