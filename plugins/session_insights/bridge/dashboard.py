"""The dashboard as Airflow mounts it: app, guard, connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from session_insights.bridge.connections import find_database_url
from session_insights.bridge.guard import guard, login_url, may_correct, user_name
from session_insights.bridge.workplace import load_task_profile
from session_insights.dashboard.app import build_app
from session_insights.dashboard.desk import Desk
from session_insights.dashboard.templates import build_templates
from session_insights.settings import find_include_dir, load_settings
from session_insights.stages.correcting import correct_facets
from session_insights.stages.reporting import render_snapshot
from session_insights.store.database import Connection, connect
from session_insights.store.viewing import load_signing_key


def open_desk(templates: Path) -> Desk:
    """What pages need, from settings and profile."""
    settings = load_settings()
    profile = load_task_profile(settings)

    def correct(
        session_id: str, values: Mapping[str, Any], *, by: str, note: str | None, undo: Sequence[str]
    ) -> Mapping[str, Any]:
        # The one thing that is written, so by a connection of its own.
        with connect(find_database_url(settings), statement_timeout_seconds=10) as connection:
            return correct_facets(connection, session_id, values, by=by, note=note, undo=undo, profile=profile)

    def render_report(connection: Connection, snapshot_id: int) -> str:
        return render_snapshot(connection, snapshot_id, profile)

    return Desk(profile, settings, build_templates(templates, profile), correct, render_report)


def find_reading_url() -> str:
    """The read-only role's URL, else the one that tasks use."""
    settings = load_settings()
    return settings.dashboard_url or find_database_url(settings)


def find_signing_key() -> str:
    """What viewers are signed with, by the connection that tasks use: the dashboard's own role cannot read it."""
    with connect(find_database_url(load_settings()), statement_timeout_seconds=10) as connection:
        return load_signing_key(connection)


app = build_app(
    guard=guard,
    user_name=user_name,
    may_correct=may_correct,
    login_url=login_url,
    open_desk=open_desk,
    find_url=find_reading_url,
    templates=find_include_dir(load_settings()) / "templates",
    find_key=find_signing_key if load_settings().team_group_size else None,
    warms=True,
)
