"""A Messages API on a real socket that answers as it is told; for every test that asks Claude.

    with FakeClaude() as claude:
        claude.will(error(529), valid(outcome="not_achieved"))
        client = ClaudeClient(ClaudeConnection(api_key="k", base_url=claude.url))

Each request takes the next behaviour; when none is left, the default one (`valid()`, built from the schema that was
asked for). `claude.requests` holds what was asked, `claude.calls` every call, and `claude.batches` the Message Batches.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.batches import FakeBatches
from tests.fakes.exchange import Behaviour, Request, Response


def message(text: str, request: Request, *, stop_reason: str = "end_turn") -> Response:
    """A message with one text block; tokens are counted at 4 characters each."""
    content = [{"type": "text", "text": text}] if text else []
    usage = {
        "input_tokens": len(json.dumps(request.body)) // 4,
        "output_tokens": max(1, len(text) // 4),
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "service_tier": "standard",
    }
    return Response(
        {
            "id": "msg_fake",
            "type": "message",
            "role": "assistant",
            "model": request.body.get("model", "?"),
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": usage,
        }
    )


def valid(answer: Callable[[Request], dict[str, Any]] | None = None, **values: Any) -> Behaviour:
    """An answer that fits the schema; `values` replace fields of it, `answer` makes it from the request."""

    def behave(request: Request) -> Response:
        built = answer(request) if answer is not None else build(request.schema)
        return message(json.dumps(built | values), request)

    return behave


def says(text: str, *, stop_reason: str = "end_turn") -> Behaviour:
    """Any text at all: prose, half an object, a quoted one."""
    return lambda request: message(text, request, stop_reason=stop_reason)


def prose() -> Behaviour:
    """A good answer wrapped in words."""
    return lambda request: message(f"Sure! Here it is:\n{json.dumps(build(request.schema))}\nAnything else?", request)


def truncated() -> Behaviour:
    """Half an answer, cut off by `max_tokens`."""
    return lambda request: message(json.dumps(build(request.schema))[:40], request, stop_reason="max_tokens")


def refusal() -> Behaviour:
    """The model declines."""
    return lambda request: message("", request, stop_reason="refusal")


def echo() -> Behaviour:
    """A model that obeys the transcript: it repeats what it was sent."""
    return lambda request: message(request.prompt, request)


def error(status: int, *, told: str = "told so by the test", retry_after: float | None = None) -> Behaviour:
    """An API error; 429 and 529 may say when to come back."""
    kinds = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
    body = {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": told}}
    headers = {"retry-after": str(retry_after)} if retry_after is not None else {}
    return lambda _: Response(body, status, headers)


def cut_connection() -> Behaviour:
    """The line goes dead without an answer."""
    return lambda _: Response(cut=True)


def slow(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """Answers late."""

    def behave(request: Request) -> Response:
        time.sleep(seconds)
        return (then or valid())(request)

    return behave


def build(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """The smallest value that fits a JSON schema: first choices, empty lists, zeros."""
    root = root or schema
    if "$ref" in schema:
        return build(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            return build(schema[choices][0], root)
    match schema.get("type"):
        case "object":
            return {name: build(part, root) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [build(schema["items"], root)] if schema.get("minItems") else []
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case "null":
            return None
    return "text"


class FakeClaude:
    """The server; a context manager. Requests are answered side by side, each by the next behaviour."""

    def __init__(self, *behaviours: Behaviour, default: Behaviour | None = None) -> None:
        self.requests: list[Request] = []
        self.calls: list[str] = []  # such as `GET /v1/messages/batches`
        self.default = default or valid()
        self._script = list(behaviours)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.batches = FakeBatches(self.default, self.url)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, *behaviours: Behaviour) -> None:
        """What the next requests get, in order."""
        with self._lock:
            self._script.extend(behaviours)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def take(self, request: Request) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            return self._script.pop(0) if self._script else self.default

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}"))

            def do_GET(self) -> None:
                self._answer({})

            def _answer(self, body: dict[str, Any]) -> None:
                url = urlsplit(self.path)
                request = Request(url.path, {name.lower(): value for name, value in self.headers.items()}, body)
                fake.calls.append(f"{self.command} {url.path}")
                _, is_batch, rest = url.path.partition("/v1/messages/batches")
                if is_batch:
                    self._send(fake.batches.answer(self.command, rest, parse_qs(url.query), request))
                elif url.path == "/v1/messages/count_tokens":
                    self._send(Response({"input_tokens": len(json.dumps(body)) // 4}))
                elif url.path == "/v1/messages":
                    self._send(fake.take(request)(request))
                else:
                    self._send(error(404, told=f"no such path: {self.path}")(request))

            def _send(self, response: Response) -> None:
                if response.cut:
                    self._hang_up()
                    return
                data = json.dumps(response.body).encode() if response.raw is None else response.raw
                self.send_response(response.status)
                for name, value in {"content-type": "application/json", **response.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                # Whoever asked may have hung up meanwhile.
                with contextlib.suppress(ConnectionError):
                    self.end_headers()
                    self.wfile.write(data[: response.cut_at])
                    if response.cut_at is not None:
                        self._hang_up()

            def _hang_up(self) -> None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
