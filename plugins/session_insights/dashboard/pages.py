"""Finished pages: kept, shown a while longer than they are true, with that time, and made anew beside the requests."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from session_insights.store.dashboard import DataVersion

MOST_PAGES = 64  # of at most 300 KB
# While a sync or a reading writes, a page may be so old: it says so, and the next look has what is being counted now.
LONGEST_LAG_SECONDS = 900
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MadePage:
    version: DataVersion  # that it shows
    text: str


@dataclass(frozen=True)
class ShownPage:
    text: str
    as_of: datetime | None  # the last moment at which it showed everything; None: it does now


@dataclass(frozen=True)
class _Kept:
    page: MadePage
    true_at: float  # when it was last known to show everything, on the clock of `monotonic`


class PageCache:
    """The pages asked for last. One that many ask for is made once; one page at a time is made beside the requests."""

    def __init__(self, most: int = MOST_PAGES, *, longest_lag_seconds: float = LONGEST_LAG_SECONDS) -> None:
        self._most = most
        self._longest_lag = longest_lag_seconds
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._making: dict[tuple[Hashable, DataVersion], Future[MadePage]] = {}
        self._refreshing: set[Hashable] = set()  # keys that wait for the worker
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="insights-pages")

    def get(
        self, key: Hashable, version: DataVersion, make: Callable[[], MadePage], make_later: Callable[[], MadePage]
    ) -> ShownPage:
        """The page of `key`: of this version, or, where only machines wrote since, of a moment ago.

        Args:
            make: Makes it now. Its error goes to everybody who waits for the page.
            make_later: The same, in a thread of its own after the request.
        """
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.page.version == version:
                self._kept[key] = _Kept(kept.page, now)
                self._kept.move_to_end(key)
                return ShownPage(kept.page.text, None)
            # What a person corrected or purged shows at once.
            may_lag = (
                kept is not None
                and kept.page.version.urgent == version.urgent
                and now - kept.true_at < self._longest_lag
            )
            is_asked = key in self._refreshing
            if may_lag:
                self._refreshing.add(key)
            elif (waiting := self._making.get((key, version))) is None:
                mine = self._making[key, version] = Future[MadePage]()
        if kept is not None and may_lag:
            if not is_asked:
                self._worker.submit(self._refresh, key, make_later)
            return ShownPage(kept.page.text, datetime.now(UTC) - timedelta(seconds=now - kept.true_at))
        if waiting is not None:
            return ShownPage(waiting.result().text, None)
        try:
            page = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(page)
            self._keep(key, page, now)
            return ShownPage(page.text, None)
        finally:
            with self._lock:
                del self._making[key, version]

    def renew(self, key: Hashable, version: DataVersion, make: Callable[[], MadePage]) -> None:
        """Make the page unless it is of this version."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.page.version != version:
            self._keep(key, make(), now)

    def _refresh(self, key: Hashable, make: Callable[[], MadePage]) -> None:
        started = time.monotonic()
        with self._lock:
            self._refreshing.discard(key)
        try:
            self._keep(key, make(), started)
        except Exception as error:
            # The page that is kept ages, and then a request is told.
            _log.warning("A page was not made anew: %s", error)

    def _keep(self, key: Hashable, page: MadePage, true_at: float) -> None:
        with self._lock:
            self._kept[key] = _Kept(page, true_at)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
