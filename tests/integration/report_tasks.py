"""The tasks of a report, each a process that may be killed at its n-th step. Run by test_report_killed.py."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import httpx
import psycopg
from botocore.client import BaseClient

from session_insights.bucket import client_config
from session_insights.errors import MaybeDelivered
from session_insights.locations import S3Address
from session_insights.notifications.posting import Channel
from session_insights.settings import Settings
from session_insights.stages import notifying, reporting
from session_insights.store.database import Connection, connect
from session_insights.windows import Period, Window
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH
from tests.helpers import sample_profile

KILLED, NOBODY_KNOWS = -signal.SIGKILL, 3
# A step ends and the next one begins with each of these: a statement, a message, a request to the bucket, a file.
STEPS: tuple[tuple[Any, str], ...] = (
    (psycopg.Cursor, "execute"),
    (httpx, "post"),
    (BaseClient, "_make_api_call"),
    (Path, "replace"),
)


@dataclass(frozen=True)
class Place:
    """All that a task needs, for a process that was started before the test."""

    database_url: str
    object_store_url: str
    webhooks_url: str
    reports_dir: Path
    period: Period
    window: Window

    @property
    def settings(self) -> Settings:
        return Settings(
            reader="offline",
            reports_dir=self.reports_dir,
            reports_upload=S3Address("pages", "insights"),
            reports_public_url="https://cdn.example.com/insights",  # a link for a while differs with the second
        )

    @property
    def channels(self) -> list[Channel]:
        return [
            Channel("slack", self.webhooks_url + SLACK_PATH),
            Channel("discord", self.webhooks_url + DISCORD_PATH),
        ]


class Processes:
    """Each task in a process of its own, forked from one that has our code loaded: milliseconds instead of seconds."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, task: str, place: Place, snapshot: dict[str, Any], *, kill_at: int = 0, revise: bool = False) -> int:
        """Exit code: 0, `KILLED`, `NOBODY_KNOWS`, or 1 for another error. Not killed if it has fewer steps."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        pickle.dump((task, place, snapshot, kill_at, revise), self._parent.stdin)
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def stop(self) -> None:
        self._parent.communicate(timeout=10)


def serve() -> None:
    """Fork a child a task, for as long as somebody asks; tell what became of it."""
    boto3.client("s3", "eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret")  # it keeps its models
    while True:
        try:
            order = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        if (child := os.fork()) == 0:
            code = 1
            try:
                code = _work(*order)
            except Exception:
                traceback.print_exc()
            os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _work(task: str, place: Place, snapshot: dict[str, Any], kill_at: int, revise: bool) -> int:
    numbers = itertools.count(1)

    def step() -> None:
        if next(numbers) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name in STEPS:
        setattr(owner, name, _stepping(getattr(owner, name), step))
    try:
        with connect(place.database_url) as connection:
            _do(task, connection, place, snapshot, revise=revise)
    except MaybeDelivered:
        return NOBODY_KNOWS
    return 0


def _stepping(real: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def stepped(*args: Any, **options: Any) -> Any:
        step()
        result = real(*args, **options)
        step()
        return result

    return stepped


def _do(task: str, connection: Connection, place: Place, snapshot: dict[str, Any], *, revise: bool) -> None:
    """What the DAG's task of this name does."""
    profile, settings = sample_profile(), place.settings
    if task == "open_snapshot":
        reporting.open_snapshot(connection, place.period, place.window)
    elif task == "write_narrative":
        reporting.write_narrative(connection, snapshot, {}, settings=settings, profile=profile, claude=None)
    elif task == "publish_report":
        reporting.publish_report(connection, snapshot, settings=settings, profile=profile)
    elif task == "upload_report":
        key = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "eu-central-1"}
        s3: Any = partial(boto3.client, "s3", config=client_config(), endpoint_url=place.object_store_url, **key)
        reporting.upload_report(connection, snapshot, settings=settings, profile=profile, s3=s3)
    elif task == "notify":
        notifying.notify_report(connection, snapshot, place.channels, profile=profile, revise=revise)
    else:
        reporting.refresh_figure(connection, snapshot, task)
