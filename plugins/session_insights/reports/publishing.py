"""A page to the folder of reports."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from session_insights.windows import Window


def publish_report(html: str, *, reports_dir: Path, period_type: str, window: Window) -> Path:
    """Write the page so that a reader sees the old one or the new one, never half of one.

    The name is the kind of period and the first day, such as `weekly-2026-11-15.html`; a window of days that
    somebody chose has its last day too. Only the owner may read it.
    """
    reports_dir.mkdir(parents=True, exist_ok=True)
    name = f"{period_type}-{window.start}"
    if period_type == "custom":
        name += f"-to-{window.last_day}"
    target = reports_dir / f"{name}.html"
    handle, unfinished = tempfile.mkstemp(dir=reports_dir, prefix=f".{name}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(html)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(target)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return target
