"""Questions to Claude by the Messages API, and how long to wait when it is busy."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel

from session_insights.errors import SettingsError
from session_insights.llm.asking import (
    Answer,
    ClaudeUnavailable,
    Messages,
    Rejected,
    Reply,
    T,
    Tally,
    ask_twice,
    judge_reply,
)
from session_insights.llm.cost import price_message
from session_insights.llm.prompts import RenderedPrompt

# A server that wants a longer pause is left alone: Airflow tries the task again later, and holds no worker meanwhile.
_LONGEST_PAUSE_SECONDS = 60.0
_TOO_LONG = ("prompt is too long", "context window", "context length", "input length")


@dataclass(frozen=True)
class ClaudeConnection:
    """How to reach Claude, or anything that speaks its Messages API."""

    api_key: str | None = None  # None: the SDK looks for its own
    base_url: str | None = None  # None: Anthropic
    max_retries: int = 3
    timeout_seconds: float = 120.0

    def __repr__(self) -> str:
        return f"ClaudeConnection(base_url={self.base_url!r})"


class ClaudeClient:
    """Speaks to the Messages API; keeps its HTTP connection, so make one and use it for many questions."""

    def __init__(self, connection: ClaudeConnection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._sleep = sleep
        self._sdk: Any = None
        self._has_schemas = True

    def ask(self, *, prompt: RenderedPrompt, answer: type[T], model: str) -> Answer[T]:
        """Ask, and ask once more when the answer cannot be used; see `Client`.

        Raises:
            SettingsError: The key, the model or the address is wrong, or the account has no credit.
            ClaudeUnavailable: No answer after `max_retries` more tries.
        """

        def send(messages: Messages, max_tokens: int) -> Reply:
            return self._send_patiently(prompt, answer, model, messages, max_tokens)

        return ask_twice(send, prompt=prompt, answer=answer, model=model)

    def _send_patiently(self, *request: Any) -> Reply:
        """Send until it is answered: a pause of the length that the server asks for, else 1, 2, 4 … seconds."""
        for tries in range(self.connection.max_retries + 1):
            try:
                return self._send(*request)
            except _Busy as busy:
                pause = busy.retry_after
                if pause is None:
                    pause = min(2.0**tries, _LONGEST_PAUSE_SECONDS) * random.uniform(0.75, 1.25)  # noqa: S311
                if tries == self.connection.max_retries or pause > _LONGEST_PAUSE_SECONDS:
                    later = f"; it asks to come back in {pause:.0f} s" if busy.retry_after else ""
                    raise ClaudeUnavailable(f"Claude at {self._where} {busy}{later}") from None
                self._sleep(pause)
        raise AssertionError("unreachable")

    def _send(
        self,
        prompt: RenderedPrompt,
        answer: type[BaseModel],
        model: str,
        messages: Messages,
        max_tokens: int,
    ) -> Reply:
        import anthropic  # takes more than a second, and most tasks never ask

        request = build_message(prompt, answer, model) | {"max_tokens": max_tokens, "messages": messages}
        if not self._has_schemas:
            schema = request.pop("output_config")["format"]["schema"]
            described = f"Answer with one JSON object of this schema and nothing else:\n{json.dumps(schema)}"
            request["system"].append({"type": "text", "text": described})
        try:
            return _reply(self._client(anthropic).messages.create(**request), model)
        except (anthropic.AuthenticationError, anthropic.PermissionDeniedError) as error:
            raise SettingsError(
                f"Claude at {self._where} refused the API key ({error.status_code}: {_told(error)}); "
                "see the connection 'anthropic_default', or ANTHROPIC_API_KEY."
            ) from None
        except anthropic.PaymentRequiredError as error:
            raise self._cannot_pay(error) from None
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
            if "credit balance" in _told(error).lower():
                raise self._cannot_pay(error) from None
            is_long = any(words in _told(error).lower() for words in _TOO_LONG)
            remedy = "; lower SESSION_INSIGHTS_FACET_BUDGET_TOKENS" if is_long else ""
            raise Rejected(f"the request was rejected ({error.status_code}: {_told(error)}){remedy}") from None
        except anthropic.ContentTooLargeError as error:
            told = f"the request is too large ({_told(error)}); lower SESSION_INSIGHTS_FACET_BUDGET_TOKENS"
            raise Rejected(told) from None
        except anthropic.APIStatusError as error:
            raise _Busy(f"answers {error.status_code}: {_told(error)}", _retry_after(error)) from None
        except anthropic.APIConnectionError as error:
            raise _Busy(f"cannot be reached: {error}") from None
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
                    max_retries=0,  # the SDK would sleep for as long as a server says
                    timeout=self.connection.timeout_seconds,
                )
            except anthropic.AnthropicError as error:
                raise SettingsError(f"No way to ask Claude: {error}; see the connection 'anthropic_default'.") from None
        return self._sdk

    def _cannot_pay(self, error: Any) -> SettingsError:
        return SettingsError(f"Claude at {self._where}: the account cannot pay ({_told(error)}); add credit to it.")

    @property
    def _where(self) -> str:
        return self.connection.base_url or "api.anthropic.com"


class _Busy(Exception):
    """A limit, an overload, a fault of the server or the network: the same request may pass soon."""

    def __init__(self, told: str, retry_after: float | None = None) -> None:
        super().__init__(told)
        self.retry_after = retry_after


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
    import anthropic

    return anthropic.transform_schema(answer)


def answer_of_batch(message: Any, answer: type[T], model: str, max_tokens: int) -> Answer[T]:
    """One message of a batch, checked like any other, at the price of a batch."""
    reply = _reply(message, model, is_batch=True)
    value, error = judge_reply(reply, answer, max_tokens)
    return Tally(model, [reply]).answer(value, error, 0.0)


def _reply(message: Any, model: str, *, is_batch: bool = False) -> Reply:
    usage = message.usage
    read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    by_age = getattr(usage, "cache_creation", None)
    hour = (getattr(by_age, "ephemeral_1h_input_tokens", 0) or 0) if by_age is not None else 0
    answered_by = message.model or model
    fresh, output = usage.input_tokens or 0, usage.output_tokens or 0
    cost = price_message(
        answered_by,
        datetime.now(UTC),
        input_tokens=fresh,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_5m_tokens=max(0, write - hour),
        cache_write_1h_tokens=hour,
        is_batch=is_batch,
    )
    return Reply(
        text="".join(block.text for block in message.content if block.type == "text"),
        model=answered_by,
        stop_reason=message.stop_reason,
        input_tokens=fresh,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cost_usd=cost,
    )


def _told(error: Any) -> str:
    """What the server says, in one line."""
    return " ".join(str(error.api_message or error.message).split())[:300]


def _retry_after(error: Any) -> float | None:
    """Seconds that a busy server asks for; a date is not read."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
