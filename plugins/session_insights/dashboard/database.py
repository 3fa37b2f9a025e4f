"""The connections that pages read by: few, read-only, kept between requests."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Annotated

import psycopg
from fastapi import Depends, Request
from psycopg.pq import TransactionStatus

from session_insights.dashboard.desk import user
from session_insights.errors import InsightsError
from session_insights.store.database import Connection, connect
from session_insights.store.viewing import check_limited, set_viewer, sign_viewer

LONGEST_STATEMENT_SECONDS = 8
_CONNECT_SECONDS, _WAIT_SECONDS = 3, 5
# After a failed try everybody is told at once for so long: waiting requests hold threads of Airflow's own server.
_REST_SECONDS = 2


class NoConnectionFree(InsightsError):
    """All connections are busy with other pages."""


class Pool:
    """At most `size` connections, opened when they are needed.

    Args:
        find_key: What viewers are signed with; None where everybody sees everything.
    """

    def __init__(
        self, find_url: Callable[[], str | None], *, size: int = 4, find_key: Callable[[], str] | None = None
    ) -> None:
        self._find_url = find_url
        self._find_key = find_key
        self._key = ""
        self._size = size
        self._permits = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._failed_at: float | None = None
        self._failure = ""

    @property
    def is_limited(self) -> bool:
        """Whether what is read depends on who looks."""
        return self._find_key is not None

    @contextmanager
    def lend(self, viewer: str | None = None) -> Iterator[Connection]:
        """A connection that answers; where it is limited it shows what `viewer` may see, and nothing to None.

        Raises:
            NoConnectionFree: None came back within 5 seconds.
            SettingsError: It is to be limited, and its role is not.
            psycopg.OperationalError: The server does not answer.
        """
        if not self._permits.acquire(timeout=_WAIT_SECONDS):
            raise NoConnectionFree(f"All {self._size} connections of the dashboard are busy; try again in a moment.")
        try:
            connection = self._take(viewer or "")
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._permits.release()

    @contextmanager
    def lend_spare(self, viewer: str | None = None) -> Iterator[Connection | None]:
        """One more for a page that has one; None where all are busy or no more can be opened."""
        connection = None
        with ExitStack() as stack:
            if self._permits.acquire(blocking=False):
                stack.callback(self._permits.release)
                with suppress(psycopg.OperationalError):
                    connection = self._take(viewer or "")
                    stack.callback(self._give_back, connection)
            yield connection

    def close(self) -> None:
        """Close what nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def _give_back(self, connection: Connection) -> None:
        if not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _take(self, viewer: str) -> Connection:
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                with suppress(psycopg.Error):
                    self._admit(connection, viewer)
                    return connection
                connection.close()
        if self._failed_at is not None and time.monotonic() - self._failed_at < _REST_SECONDS:
            raise psycopg.OperationalError(self._failure)
        try:
            connection = connect(
                self._find_url(),
                statement_timeout_seconds=LONGEST_STATEMENT_SECONDS,
                connect_timeout_seconds=_CONNECT_SECONDS,
                is_read_only=True,
            )
        except psycopg.OperationalError as error:
            self._failure, self._failed_at = str(error), time.monotonic()
            raise
        # Filters that are off are folded away only where a statement is planned for its own values: those of figures
        # are prepared by themselves.
        connection.prepare_threshold = sys.maxsize
        self._failed_at = None
        try:
            if self._find_key is not None:
                check_limited(connection)
                self._key = self._find_key()
            self._admit(connection, viewer)
        except BaseException:
            connection.close()
            raise
        return connection

    def _admit(self, connection: Connection, viewer: str) -> None:
        """Also shows whether it still answers."""
        set_viewer(connection, sign_viewer(viewer, self._key) if self._key and viewer else "")


def viewer(request: Request, name: Annotated[str, Depends(user)]) -> str | None:
    """Whom a page is for, as a dependency; None where everybody sees the same."""
    pool: Pool = request.app.state.pool
    return name if pool.is_limited else None


def reader(request: Request, viewer: Annotated[str | None, Depends(viewer)]) -> Iterator[Connection]:
    """A connection for one request, as a dependency; it cannot write and gives up after 8 seconds."""
    pool: Pool = request.app.state.pool
    with pool.lend(viewer) as connection:
        yield connection
