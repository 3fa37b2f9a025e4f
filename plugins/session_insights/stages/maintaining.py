"""Upkeep: what has grown old goes, and tables stay fit. Every stage can be killed at any moment and run again.

Each takes `dry_run`, counts what it did or would do, and says it in a line of `summary`. Without a setting of days
nothing of the user's is deleted: docs/decisions/0020-retention.md.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from session_insights.bucket import ClientMaker, environment_client
from session_insights.errors import InsightsError
from session_insights.settings import Settings
from session_insights.stages.keeping import open_archive
from session_insights.store import maintenance as store
from session_insights.store.database import Connection
from session_insights.transcripts.redaction import mask_secrets
from session_insights.wording import listed, plural

_SESSIONS = 100  # a transaction: a sync waits for it
_ROWS = 1_000
_LEFT_SECONDS = 86_400  # what is younger may belong to somebody who is at work
_CLEAN_SECONDS = 3_600
_WORDS = {
    "delete_attempts": ("try that sent nothing", "tries that sent nothing"),
    "delete_batches": ("collected batch", "collected batches"),
    "empty_messages": ("message never posted", "messages never posted"),
}


class MaintenanceFailed(InsightsError):
    """A program that was started for upkeep has failed; nothing of ours is half done."""


def delete_entries(
    connection: Connection, *, settings: Settings, dry_run: bool = False, now: datetime | None = None
) -> dict[str, Any]:
    """Delete the text of old entries, oldest sessions first; what was counted and judged stays, and what it cites."""
    days = settings.entry_days
    if days is None:
        return {"session_count": 0, "entry_count": 0, "summary": "Every entry is kept."}
    kept_since = _kept_since(days, now)
    session_count = entry_count = 0
    if dry_run:
        session_count = len(store.select_aged(connection, kept_since, limit=None))
        summary = f"The text of {plural(session_count, 'session')} would be deleted: older than {plural(days, 'day')}."
    else:
        while (deleted := store.delete_old_text(connection, kept_since, limit=_SESSIONS))[0]:
            session_count, entry_count = session_count + deleted[0], entry_count + deleted[1]
        entries = plural(entry_count, "entry", "entries")
        summary = f"{entries} of {plural(session_count, 'session')} deleted: older than {plural(days, 'day')}."
    return {"session_count": session_count, "entry_count": entry_count, "dry_run": dry_run, "summary": summary}


def delete_archived(
    connection: Connection,
    *,
    settings: Settings,
    dry_run: bool = False,
    s3: ClientMaker = environment_client,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Delete what was archived long ago, unless it still stands at its source: the next sync would keep it again."""
    archive = open_archive(settings, s3) if settings.archive_days is not None else None
    if archive is None or settings.archive_days is None:
        return {"file_count": 0, "stored_bytes": 0, "summary": "Every archived file is kept."}
    aged = store.select_archived(connection, _kept_since(settings.archive_days, now))
    going = [file for file in aged if not file.is_at_source]
    for file in going if not dry_run else ():
        # The bytes first: what is not in the index any more would be found by nobody.
        archive.drop(file.machine, file.path, file.digest)
        store.forget_archived(connection, file)
    stored_bytes = sum(file.stored_bytes for file in going)
    would = "would be deleted" if dry_run else "deleted"
    summary = f"{plural(len(going), 'archived file')} ({stored_bytes / 1e6:,.1f} MB) {would}."
    if len(aged) > len(going):
        summary += f" {plural(len(aged) - len(going), 'older one')} kept: still at the source."
    return {"file_count": len(going), "stored_bytes": stored_bytes, "dry_run": dry_run, "summary": summary}


def clear_bookkeeping(
    connection: Connection, *, settings: Settings, dry_run: bool = False, now: datetime | None = None
) -> dict[str, Any]:
    """Clear rows that no figure, cap or page needs after a while."""
    if settings.bookkeeping_days is None:
        return {"counts": {}, "summary": "All bookkeeping is kept."}
    kept_since = _kept_since(settings.bookkeeping_days, now)
    counts = dict.fromkeys(_WORDS, 0)
    for what in get_args(store.Bookkeeping):
        limit = None if dry_run else _ROWS
        options: dict[str, Any] = {"limit": limit, "dry_run": dry_run}
        while cleared := store.clear_bookkeeping(connection, what, kept_since, **options):
            counts[what] += cleared
            if dry_run:
                break
    found = listed([plural(count, *_WORDS[what]) for what, count in counts.items() if count]) or "nothing"
    summary = f"{found} {'would be cleared' if dry_run else 'cleared'}: older than {settings.bookkeeping_days} days."
    return {"counts": counts, "dry_run": dry_run, "summary": summary[0].upper() + summary[1:]}


def delete_leftovers(*, settings: Settings, dry_run: bool = False) -> dict[str, Any]:
    """Delete what killed processes have left on this machine's disks: half-written files, and pieces that waited."""
    left = [path for path in _find_leftovers(settings) if _is_left(path)]
    for path in left if not dry_run else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    would = "would be deleted" if dry_run else "deleted"
    return {"file_count": len(left), "dry_run": dry_run, "summary": f"{plural(len(left), 'leftover')} {would}."}


def _find_leftovers(settings: Settings) -> Iterator[Path]:
    """By the names that publishing, archive and spool give to what is not finished."""
    reports = settings.reports_dir.expanduser()
    for period in ("weekly", "monthly", "custom"):
        yield from reports.glob(f".{period}-*.tmp")
    if isinstance(settings.archive, Path):
        yield from settings.archive.expanduser().glob("[0-9a-f][0-9a-f]/.*.tmp")
    yield from Path(tempfile.gettempdir()).glob("session-insights-*")


def _is_left(path: Path) -> bool:
    """Ours, and of yesterday or before."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return False
    return seen.st_uid == os.getuid() and time.time() - seen.st_mtime > _LEFT_SECONDS


def vacuum_tables(connection: Connection, *, dry_run: bool = False) -> dict[str, Any]:
    """Vacuum and analyze the tables that need it and that this role may; name those that somebody else must."""
    needy = [table for table in store.load_table_health(connection) if table.is_bloated or table.is_stale]
    done = [table.table_name for table in needy if table.may_vacuum]
    others = [table.table_name for table in needy if not table.may_vacuum]
    for name in done if not dry_run else ():
        store.vacuum_table(connection, name)
    would = "would be vacuumed" if dry_run else "vacuumed"
    summary = f"{listed(done)} {would}." if done else "No table needs a vacuum."
    if others:
        summary = (f"{summary} " if done else "") + (
            f"warning: their owner should run vacuum (analyze) on {listed([f'insights.{name}' for name in others])}."
        )
    return {
        "tables": [
            {"table": table.table_name, "live_count": table.live_count, "dead_count": table.dead_count}
            for table in needy
        ],
        "vacuumed": done,
        "left": others,
        "dry_run": dry_run,
        "summary": summary,
    }


def maintain(connection: Connection, *, settings: Settings, dry_run: bool = False) -> dict[str, Any]:
    """All stages but Airflow's own tables, one after the other; `summary` has a line of each."""
    given: dict[str, Any] = {"settings": settings, "dry_run": dry_run}
    done = {
        "entries": delete_entries(connection, **given),
        "archived": delete_archived(connection, **given),
        "bookkeeping": clear_bookkeeping(connection, **given),
        "leftovers": delete_leftovers(**given),
        "tables": vacuum_tables(connection, dry_run=dry_run),
    }
    return {**done, "summary": "\n".join(str(part["summary"]) for part in done.values())}


def clean_airflow(
    url: str | None, *, settings: Settings, dry_run: bool = False, now: datetime | None = None
) -> dict[str, Any]:
    """Have Airflow clean its own tables by `airflow db clean`: runs, tasks, logs and events that are too old.

    Args:
        url: Of Airflow's database. A task is not told it by Airflow, which keeps tasks away from its tables.

    Raises:
        MaintenanceFailed: The command failed, or did not end within an hour.
    """
    days = settings.airflow_days
    if days is None or url is None:
        return {"summary": "All of Airflow's history is kept."}
    before = _kept_since(days, now).isoformat(timespec="seconds")
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before]
    # Without a copy of what goes in tables of its own, which would only move the rows.
    command += ["--skip-archive", "--yes", *(["--dry-run"] if dry_run else [])]
    try:
        done = subprocess.run(
            command,
            env=_airflow_environment(os.environ, url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CLEAN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MaintenanceFailed(
            f"airflow db clean did not end within {_CLEAN_SECONDS // 60} minutes: run it by hand for fewer tables."
        ) from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise MaintenanceFailed(f"airflow db clean failed: {mask_secrets(' '.join(last))[:300]}")
    would = "would be deleted" if dry_run else "deleted"
    return {"before": before, "dry_run": dry_run, "summary": f"Airflow's history before {before[:10]} {would}."}


def _airflow_environment(environment: Mapping[str, str], url: str) -> dict[str, str]:
    """As this task's, but for what it tells about Airflow's database."""
    told = {name: value for name, value in environment.items() if not name.startswith("_AIRFLOW")}
    scheme, _, rest = url.partition("://")
    told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"{scheme.partition('+')[0]}+psycopg2://{rest}"
    told.pop("AIRFLOW__CORE__SQL_ALCHEMY_CONN", None)
    return told


def _kept_since(days: int, now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)) - timedelta(days=days)
