"""Upkeep of Airflow's log folder: nobody else deletes what its tasks and its DAG processor write there."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from session_insights.settings import Settings
from session_insights.wording import plural

_DAY = 86_400
_DAGS = (
    "insights_facet_backfill",
    "insights_facet_extraction",
    "insights_maintenance",
    "insights_monthly_deep_dive",
    "insights_session_ended",
    "insights_session_sync",
    "insights_setup",
    "insights_weekly_report",
)


def delete_logs(folder: Path, *, settings: Settings, dry_run: bool = False, now: float | None = None) -> dict[str, Any]:
    """Delete log files that nobody has written to for BOOKKEEPING_DAYS; those of other DAGs for AIRFLOW_DAYS.

    Args:
        folder: Airflow's `base_log_folder`, as this worker sees it. What is a link, and what it leads to, stays.
        now: Seconds since 1970.
    """
    now = now or time.time()
    file_count = size_bytes = 0
    for path, seen, is_ours in _find_logs(folder):
        days = settings.bookkeeping_days if is_ours else settings.airflow_days
        if days is None or now - seen.st_mtime <= days * _DAY:
            continue
        if not dry_run:
            path.unlink(missing_ok=True)
        file_count, size_bytes = file_count + 1, size_bytes + seen.st_size
    if not dry_run:
        _delete_empty(folder, now)
    would = "would be deleted" if dry_run else "deleted"
    summary = f"{plural(file_count, 'old log')} ({size_bytes / 1e6:,.1f} MB) {would}."
    return {"file_count": file_count, "size_bytes": size_bytes, "dry_run": dry_run, "summary": summary}


def _find_logs(folder: Path) -> Iterator[tuple[Path, os.stat_result, bool]]:
    """Each file, and whether it is of one of our DAGs."""
    for place, _, names in os.walk(folder):
        parts = Path(place).relative_to(folder).parts
        is_ours = bool(parts) and parts[0].removeprefix("dag_id=") in _DAGS
        for name in names:
            path = Path(place, name)
            with suppress(FileNotFoundError):
                seen = path.lstat()
                if stat.S_ISREG(seen.st_mode):
                    yield path, seen, is_ours or name.partition(".")[0] in _DAGS


def _delete_empty(folder: Path, now: float) -> None:
    """Folders that have been empty for a day: into a younger one somebody may be about to write."""
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            if Path(place) != folder and now - os.lstat(place).st_mtime > _DAY:
                os.rmdir(place)  # noqa: PTH106
