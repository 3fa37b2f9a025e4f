"""An S3-compatible object store on a real socket: moto's server, with a wire that can be cut."""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Environ = dict[str, Any]
# Given the request and the store: what is answered instead.
Fault = Callable[[Environ, Callable[..., Any], Callable[..., Any]], Iterable[bytes]]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass


class StoreClient:
    """What is in a store, wherever it runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="eu-central-1",
            config=Config(retries={"max_attempts": 0}),
        )

    def make_bucket(self, name: str) -> None:
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def put(self, bucket: str, key: str, body: bytes | str) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def get(self, bucket: str, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def keys(self, bucket: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def drop_bucket(self, name: str) -> None:
        keys = self.keys(name)
        for start in range(0, len(keys), 1_000):
            told = [{"Key": key} for key in keys[start : start + 1_000]]
            self.client.delete_objects(Bucket=name, Delete={"Objects": told})
        self.client.delete_bucket(Bucket=name)


class ObjectStore(StoreClient):
    """A store that runs in this process; all of them share what they hold."""

    def __init__(self) -> None:
        self.requests: list[str] = []  # "GET /bucket/key"
        self._faults: list[tuple[str, str, Fault]] = []
        self._store = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        super().__init__(f"http://127.0.0.1:{self._server.server_port}")
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.environment = {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def empty(self) -> None:
        """No bucket, no fault, nothing asked."""
        self._faults.clear()
        httpx.post(f"{self.url}/moto-api/reset", trust_env=False).raise_for_status()
        self.requests.clear()

    @contextmanager
    def fault(self, method: str, part: str, fault: Fault) -> Iterator[None]:
        """For as long as the block lasts, requests of this method with `part` in their address go through `fault`."""
        self._faults.append((method, part, fault))
        try:
            yield
        finally:
            self._faults.clear()

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}"
        self.requests.append(asked)
        for method, part, fault in self._faults:
            if asked.startswith(f"{method} ") and part in asked:
                return fault(environ, start_response, self._store)
        return self._store(environ, start_response)  # type: ignore[no-any-return]


@contextmanager
def store_of_its_own() -> Iterator[StoreClient]:
    """A store in another process, which nobody else empties."""
    code = f"import sys; from {__name__} import ObjectStore; print(ObjectStore().url, flush=True); sys.stdin.read()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield StoreClient(process.stdout.readline().strip())
        process.communicate(timeout=10)


def refuse(status: str, code: str) -> Fault:
    """An error of S3's own kind."""

    def answer(environ: Environ, start_response: Callable[..., Any], store: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()]

    return answer


def damage_upload(environ: Environ, start_response: Callable[..., Any], store: Callable[..., Any]) -> Iterable[bytes]:
    """One byte arrives as another; the store looks at no checksum."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = io.BytesIO(body[:-1] + bytes([body[-1] ^ 1]))
    environ.pop("HTTP_CONTENT_MD5", None)
    return store(environ, start_response)  # type: ignore[no-any-return]


def cut_off(times: int) -> Fault:
    """The connection ends in the middle of the body, so many times."""
    left = times

    def answer(environ: Environ, start_response: Callable[..., Any], store: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal left
        body = b"".join(store(environ, start_response))
        left -= 1
        return [body[: len(body) // 2]] if left >= 0 else [body]

    return answer


def send(piece: bytes, times: int) -> Fault:
    """A body that need not be in anybody's memory."""

    def answer(environ: Environ, start_response: Callable[..., Any], store: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(len(piece) * times)), ("ETag", '"x"')])
        return itertools.repeat(piece, times)

    return answer


def hold_first(let_go: threading.Event) -> Fault:
    """The first request waits until it is let go."""
    numbers = itertools.count()

    def answer(environ: Environ, start_response: Callable[..., Any], store: Callable[..., Any]) -> Iterable[bytes]:
        if next(numbers) == 0:
            let_go.wait(60)
        return store(environ, start_response)  # type: ignore[no-any-return]

    return answer
