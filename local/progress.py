"""What a person sees while they wait: one line a step, rewritten on a terminal, repeated rarely in a log."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import TextIO

LOG_EVERY_SECONDS = 15.0


class Step:
    """One step of a long command: `with Step("Airflow") as step: step.update("waiting")`."""

    def __init__(self, label: str, *, out: TextIO | None = None) -> None:
        """Name the step; `out` is stdout unless given."""
        self.label = label
        self.result = "done"
        self._out = out or sys.stdout
        self._started = time.monotonic()
        self._last_shown = self._started
        self._last_text = ""

    def __enter__(self) -> Step:
        """Show that the step has begun."""
        self._show("…")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Show how the step ended."""
        self._show(f"{self.result if error is None else 'failed'} ({format_seconds(self.seconds)})", last=True)

    @property
    def seconds(self) -> float:
        """Time since the step began."""
        return time.monotonic() - self._started

    def update(self, text: str) -> None:
        """Say where the step is."""
        if self._out.isatty():
            width = shutil.get_terminal_size().columns - len(self.label) - 14
            self._show(f"{text[: max(width, 20)]}, {format_seconds(self.seconds)}")
        elif text != self._last_text and time.monotonic() - self._last_shown >= LOG_EVERY_SECONDS:
            self._last_shown, self._last_text = time.monotonic(), text
            self._show(f"{text}, {format_seconds(self.seconds)}")

    def finish(self, result: str) -> None:
        """Keep what the step came to, for its last line."""
        self.result = result

    def _show(self, text: str, *, last: bool = False) -> None:
        if self._out.isatty():
            self._out.write(f"\r\x1b[2K  {self.label}: {text}" + ("\n" if last else ""))
        elif text != "…":
            self._out.write(f"  {self.label}: {text}\n")
        self._out.flush()


def format_seconds(seconds: float) -> str:
    """Write a duration as a person would: 0.4 s, 12 s, 3 min 5 s."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
