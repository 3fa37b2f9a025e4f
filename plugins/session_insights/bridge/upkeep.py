"""What the tasks of `insights_maintenance` share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import conf

from session_insights.bridge.tasks import name_task, skip_if
from session_insights.bridge.workplace import workplace
from session_insights.settings import Settings
from session_insights.store.database import Connection


@dataclass(frozen=True)
class Upkeep:
    """What a task of upkeep needs."""

    database: Connection
    settings: Settings
    dry: Mapping[str, bool]  # the run's `dry_run`, as the stages take it


@contextmanager
def upkeep(setting: str | None = None, what: str = "") -> Iterator[Upkeep]:
    """Open what a task needs; it is skipped when its setting of days is empty, and says so.

    Raises:
        AirflowSkipException: The setting is empty, so `what` kept for good.
    """
    with workplace() as place:
        if setting is not None and getattr(place.settings, setting) is None:
            reason = f"SESSION_INSIGHTS_{setting.upper()} is not set: {what} kept for good."
            name_task(reason)
            skip_if(reason)
        yield Upkeep(place.database, place.settings, {"dry_run": bool(place.params.get("dry_run"))})


def find_logs() -> dict[str, Path | None]:
    """Airflow's folder of logs, and that of its processes where `make run` started them."""
    state_dir = os.environ.get("SESSION_INSIGHTS_STATE_DIR")
    folder = Path(conf.get("logging", "base_log_folder"))
    return {"folder": folder, "servers": Path(state_dir) / "logs" if state_dir else None}


def say(done: dict[str, Any]) -> dict[str, Any]:
    """Show a stage's summary beside its task; returns what it did."""
    name_task(str(done["summary"]))
    return done
