"""Logs of Airflow on this machine's disks: old ones go, and those of `make run`'s own processes stay small.

Airflow deletes none, and what writes to the archive of a hosted Airflow is not ours: nothing but local files of our own
DAGs is touched.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from session_insights.settings import Settings
from session_insights.wording import plural

_OURS = ("dag_id=insights_*/**/*.log", "dag_processor/*/**/insights_*.log")
_DAY_SECONDS = 86_400
_MOST_BYTES = 20_000_000  # of a process's log
_KEPT_BYTES = 1_000_000


def delete_logs(
    folder: Path, *, settings: Settings, servers: Path | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Delete logs of our DAGs that nobody wrote to for so many days; shorten those of processes that never end.

    Args:
        folder: Airflow's own, with a folder a DAG.
        servers: With the logs of Airflow's processes, where `make run` started them.
    """
    if settings.log_days is None:
        return {"file_count": 0, "freed_bytes": 0, "summary": "Every log is kept."}
    before = time.time() - settings.log_days * _DAY_SECONDS
    old = [(path, seen.st_size) for path, seen in _files(folder, _OURS) if seen.st_mtime < before]
    ours = _files(servers, ("*.log",)) if servers else ()
    long = [(path, seen.st_size) for path, seen in ours if seen.st_size > _MOST_BYTES]
    if not dry_run:
        for path, _ in old:
            path.unlink(missing_ok=True)
        _delete_empty(folder)
        for path, _ in long:
            _shorten(path)
    freed = sum(size for _, size in old) + sum(size - _KEPT_BYTES for _, size in long)
    would = "would be " if dry_run else ""
    summary = f"{plural(len(old), 'log')} {would}deleted: older than {plural(settings.log_days, 'day')}"
    summary += f"; {plural(len(long), 'log')} of processes {would}shortened" if long else ""
    counts = {"file_count": len(old), "shortened_count": len(long), "freed_bytes": freed}
    return {**counts, "dry_run": dry_run, "summary": f"{summary} ({freed / 1e6:,.1f} MB)."}


def _files(folder: Path, patterns: tuple[str, ...]) -> Iterator[tuple[Path, os.stat_result]]:
    for pattern in patterns:
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    yield path, path.stat()


def _delete_empty(folder: Path) -> None:
    """Folders that have been empty for a day: a younger one may be a task's that is about to begin."""
    for pattern in ("dag_id=insights_*/**/", "dag_processor/*/"):
        for path in sorted(folder.glob(pattern), reverse=True):
            with suppress(OSError):
                if not path.is_symlink() and time.time() - path.stat().st_mtime > _DAY_SECONDS:
                    path.rmdir()  # refuses where something is left


def _shorten(path: Path) -> None:
    """Keep the end in `….previous.log`. The process goes on writing at the new end: its log is opened to append."""
    with path.open("r+b") as log:
        log.seek(-_KEPT_BYTES, os.SEEK_END)
        path.with_suffix(".previous.log").write_bytes(log.read())
        log.truncate(0)
