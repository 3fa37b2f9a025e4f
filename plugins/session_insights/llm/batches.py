"""Message Batches: many questions at half price, answered within a day. Speaks to the API; remembers nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from session_insights.errors import SettingsError
from session_insights.llm.asking import ClaudeUnavailable
from session_insights.llm.claude import ClaudeConnection

_PAGE = 100  # batches a page of the list
_MOST_LISTED = 10_000


class MaybeSent(ClaudeUnavailable):
    """The answer to a sent batch was missed: the API may have it. Look for it before sending it again."""


@dataclass(frozen=True)
class BatchStatus:
    """How a batch stands at the API."""

    provider_id: str
    has_ended: bool
    created_at: datetime
    counts: dict[str, int]  # processing, succeeded, errored, canceled, expired; all of its requests

    @property
    def request_count(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class BatchResult:
    """One line of the results."""

    custom_id: str
    kind: str  # succeeded, errored, canceled or expired; else unknown to us
    message: Any = None  # of succeeded
    error_type: str = ""  # of errored, such as `invalid_request_error`
    error: str = ""


class RequestList:
    """The body of a batch, written request by request, so that each is held once and as bytes."""

    def __init__(self) -> None:
        self._written = bytearray()

    def add(self, custom_id: str, params: dict[str, Any]) -> None:
        request = json.dumps({"custom_id": custom_id, "params": params}, ensure_ascii=False, separators=(",", ":"))
        self._written += (b"," if self._written else b'{"requests":[') + request.encode("utf-8", "replace")

    def close(self) -> bytes:
        """The whole body; nothing can be added after this."""
        self._written += b"]}"
        return bytes(self._written)


class BatchClient:
    """Speaks to the Message Batches API; keeps its HTTP connection, so make one and use it for a whole task."""

    def __init__(self, connection: ClaudeConnection) -> None:
        import anthropic  # takes a second or two, and most tasks never ask

        self._anthropic = anthropic
        self._where = connection.base_url or "api.anthropic.com"
        try:
            self._sdk = anthropic.Anthropic(
                api_key=connection.api_key,
                base_url=connection.base_url,
                max_retries=connection.max_retries,
                timeout=connection.timeout_seconds,
            )
        except anthropic.AnthropicError as error:
            raise SettingsError(f"No way to ask Claude: {error}; see the connection 'anthropic_default'.") from None

    def create(self, requests: bytes) -> str:
        """Send a batch, once: a second try by itself could make a second batch.

        Args:
            requests: As `RequestList` writes them.

        Returns:
            The batch's name at the API.

        Raises:
            SettingsError: The key, the model or a request is wrong: the API does not have the batch.
            MaybeSent: The line was cut, or the server failed: the API may have it.
            ClaudeUnavailable: A limit was reached: the API does not have the batch.
        """
        from anthropic.types.messages import MessageBatch

        with self._translated(is_sending=True):
            # `batches.create` would hold the requests as objects, as text and as bytes at once.
            batch = self._sdk.with_options(max_retries=0).post(
                "/v1/messages/batches",
                content=requests,
                cast_to=MessageBatch,
                options={"headers": {"content-type": "application/json"}},
            )
            return batch.id

    def load(self, provider_id: str) -> BatchStatus | None:
        """How a batch stands; None when the API does not know it (any more)."""
        try:
            with self._translated():
                return _status(self._sdk.messages.batches.retrieve(provider_id))
        except _Unknown:
            return None

    def find(self, *, request_count: int, since: datetime) -> list[BatchStatus]:
        """Batches of exactly so many requests that were made since then, newest first.

        The list of the API tells no more of a batch than count and time: whose it is shows in its results.
        """
        found = []
        with self._translated():
            for number, batch in enumerate(self._sdk.messages.batches.list(limit=_PAGE)):
                status = _status(batch)
                if status.created_at < since or number >= _MOST_LISTED:
                    break
                if status.request_count == request_count:
                    found.append(status)
        return found

    def results(self, provider_id: str) -> Iterator[BatchResult]:
        """Results as they come, in no order; a line that is none is left out.

        Raises:
            ClaudeUnavailable: The line was cut; what came before it holds.
        """
        with (
            self._translated(),
            self._sdk.messages.batches.with_streaming_response.results(provider_id) as response,
        ):
            for line in response.iter_lines():
                result = read_result(line)
                if result is not None:
                    yield result

    @contextmanager
    def _translated(self, *, is_sending: bool = False) -> Iterator[None]:
        """Errors of the SDK as ours; while sending, those that leave open whether the batch was made are told apart."""
        import httpx2

        anthropic = self._anthropic
        try:
            yield
        except (anthropic.AuthenticationError, anthropic.PermissionDeniedError) as error:
            raise SettingsError(
                f"Claude at {self._where} refused the API key ({error.status_code}: {_told(error)}); "
                "see the connection 'anthropic_default', or ANTHROPIC_API_KEY."
            ) from None
        except anthropic.PaymentRequiredError as error:
            raise SettingsError(f"Claude at {self._where}: the account cannot pay ({_told(error)}).") from None
        except anthropic.NotFoundError as error:
            if is_sending:
                raise SettingsError(f"Claude at {self._where} takes no batches ({_told(error)}).") from None
            raise _Unknown from None
        except anthropic.APIStatusError as error:
            told = f"Claude at {self._where} answers {error.status_code}: {_told(error)}"
            if error.status_code in (400, 413, 422):
                raise SettingsError(f"{told}; see SESSION_INSIGHTS_FACET_MODEL.") from None
            # 429 comes before anything is made; a server that fails may have made it first.
            is_open = is_sending and error.status_code != 429
            raise (MaybeSent if is_open else ClaudeUnavailable)(told) from None
        except (anthropic.APIConnectionError, httpx2.HTTPError) as error:
            told = f"Claude at {self._where} cannot be reached: {error}"
            raise (MaybeSent if is_sending else ClaudeUnavailable)(told) from None
        except anthropic.AnthropicError as error:
            raise ClaudeUnavailable(f"Claude at {self._where}: {error}") from None


class _Unknown(Exception):
    """The API has no batch of that name."""


def read_result(line: str) -> BatchResult | None:
    """One line of the results, whatever stands in it; None when it names no request."""
    from anthropic.types import Message

    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("custom_id"), str):
        return None
    result = data.get("result")
    result = result if isinstance(result, dict) else {}
    told = result.get("error")
    told = told.get("error", told) if isinstance(told, dict) else {}
    told = told if isinstance(told, dict) else {}
    message = result.get("message")
    return BatchResult(
        custom_id=data["custom_id"],
        kind=str(result.get("type")),
        message=Message.construct(**message) if isinstance(message, dict) else None,
        error_type=str(told.get("type", "")),
        error=" ".join(str(told.get("message", "")).split())[:300],
    )


def _status(batch: Any) -> BatchStatus:
    counts = {name: int(count) for name, count in batch.request_counts.model_dump().items() if isinstance(count, int)}
    return BatchStatus(batch.id, batch.processing_status == "ended", batch.created_at, counts)


def _told(error: Any) -> str:
    """What the server says, in one line."""
    return " ".join(str(error.api_message or error.message).split())[:300]
