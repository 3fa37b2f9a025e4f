"""Finished pages, kept until the data changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass

MOST_PAGES = 64  # of at most 300 KB


@dataclass(frozen=True)
class MadePage:
    version: int  # of the data that it shows
    text: str


class PageCache:
    """The pages asked for last, each for one version of the data; one that many ask for is made once."""

    def __init__(self, most: int = MOST_PAGES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, MadePage] = OrderedDict()
        self._making: dict[tuple[Hashable, int], Future[MadePage]] = {}

    def get(self, key: Hashable, version: int, make: Callable[[], MadePage]) -> str:
        """The page of `key`, at least as new as `version`.

        Args:
            make: Makes it, and says what version it shows. Its error goes to everybody who waits for the page.
        """
        with self._lock:
            page = self._pages.get(key)
            if page is not None and page.version == version:
                self._pages.move_to_end(key)
                return page.text
            waiting = self._making.get((key, version))
            if waiting is None:
                mine = self._making[key, version] = Future[MadePage]()
        if waiting is not None:
            return waiting.result().text
        try:
            page = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(page)
            with self._lock:
                self._pages[key] = page
                self._pages.move_to_end(key)
                while len(self._pages) > self._most:
                    self._pages.popitem(last=False)
            return page.text
        finally:
            with self._lock:
                del self._making[key, version]
