"""A webhook receiver on a real socket: keeps what it is sent and answers as a channel does, or as a broken one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

SLACK_PATH = "/services/T0/B0/slacktoken"
DISCORD_PATH = "/api/webhooks/1/discordtoken"


@dataclass(frozen=True)
class Posted:
    path: str  # with its query
    headers: dict[str, str]
    body: dict[str, Any]
    sender_port: int = 0  # by which the process that posts is found


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hang_seconds: float = 0
    is_cut: bool = False  # the line goes dead after the request was read


def busy(retry_after: float, *, in_body: bool = False) -> Answer:
    """429, and when to come back."""
    if in_body:
        body = json.dumps({"message": "You are being rate limited.", "retry_after": retry_after, "global": False})
        return Answer(429, body.encode(), {"content-type": "application/json"})
    return Answer(429, b"rate_limited", {"retry-after": str(retry_after)})


def broken() -> Answer:
    return Answer(500, b"oops")


def gone() -> Answer:
    return Answer(404, b"no_service")


def hangs(seconds: float) -> Answer:
    return Answer(hang_seconds=seconds)


def cut() -> Answer:
    return Answer(is_cut=True)


class Webhooks:
    """The server; a context manager. Each request takes the next answer of the script, then good ones follow."""

    def __init__(self, *script: Answer, on_post: Callable[[Posted], None] | None = None) -> None:
        self.posted: list[Posted] = []  # whatever the answer was
        self.accepted: list[Posted] = []  # answered with 2xx: what a person sees in the channel
        self._script = list(script)
        self.on_post = on_post  # before the answer
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, *answers: Answer) -> None:
        with self._lock:
            self._script.extend(answers)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What a person sees in one channel, oldest first."""
        return [posted.body for posted in self.accepted if posted.path.startswith(path)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def take(self, posted: Posted) -> Answer:
        with self._lock:
            self.posted.append(posted)
            answer = self._script.pop(0) if self._script else Answer()
            if answer.status < 300 and not answer.is_cut:
                self.accepted.append(posted)
        if self.on_post:
            self.on_post(posted)
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = fake.take(Posted(self.path, headers, body, self.client_address[1]))
                time.sleep(answer.hang_seconds)
                if answer.is_cut:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                text, given = answer.body, dict(answer.headers)
                if answer.status == 200 and self.path.startswith("/api/webhooks"):
                    # Discord says nothing unless it is asked to wait.
                    text = json.dumps({"id": str(len(fake.posted))}).encode() if "wait=true" in self.path else b""
                    given["content-type"] = "application/json"
                self.send_response(answer.status)
                for name, value in given.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
