"""Pages that are likely asked next, made before somebody waits for them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

LEAST_REST_SECONDS = 5.0
# Of the time between two rounds: making pages never takes more of the server than this.
MOST_SHARE = 0.05
_log = logging.getLogger(__name__)


class Warmer:
    """A thread of the server that makes pages anew after something was written, and rests much longer than it works."""

    def __init__(self, *, least_rest_seconds: float = LEAST_REST_SECONDS, most_share: float = MOST_SHARE) -> None:
        self._least_rest = least_rest_seconds
        self._most_share = most_share
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    def start(self, make_pages: Callable[[], None]) -> None:
        """Begin; nothing where it has begun.

        Args:
            make_pages: Makes what is no longer true, and is quick where nothing was written.
        """
        with self._lock:
            if self._thread is None and not self._is_over.is_set():
                self._thread = threading.Thread(
                    target=self._work, args=(make_pages,), name="insights-warmer", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End after the round that is going on."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self, make_pages: Callable[[], None]) -> None:
        rest = 0.0
        while not self._is_over.wait(rest):
            started = time.monotonic()
            try:
                make_pages()
            except Exception as error:
                # A request will be told the same; the next round tries again.
                _log.warning("Pages were not made ahead: %s", error)
            rest = max(self._least_rest, (time.monotonic() - started) / self._most_share)
