"""A team of six on one database, for tests that ask who sees what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from session_insights.dashboard.app import build_app
from session_insights.dashboard.desk import Desk
from session_insights.dashboard.templates import build_templates
from session_insights.profile import Member, Profile, load_profile
from session_insights.settings import Settings, find_include_dir
from session_insights.stages.correcting import correct_facets
from session_insights.stages.reporting import render_snapshot
from session_insights.store.database import Connection, connect, execute
from session_insights.store.viewing import limit_readers, load_signing_key, set_viewer, sign_viewer
from tests.sql.given import insert_rows

TEMPLATES = find_include_dir(Settings()) / "templates"
TEAM = tuple(
    Member(user=name, machines=(f"{name}-laptop",), is_admin=name == "ada")
    for name in ("ada", "ben", "cyn", "dan", "eve", "flo")
)
READER = "viewers_reader"
# Two whole weeks that are over.
MONDAY = date(2026, 11, 2)


@pytest.fixture
def reader_url(database_url: str, connection: Connection) -> Iterator[str]:
    """A role that was granted to read every table, as a careless administrator would."""
    connection.execute(f"create role {READER} login password 'read-only'".encode())
    connection.execute(f"grant usage on schema insights to {READER}".encode())
    connection.execute(f"grant select on all tables in schema insights to {READER}".encode())
    place = urlsplit(database_url)
    yield f"postgresql://{READER}:read-only@{place.netloc.rpartition('@')[2]}{place.path}"
    connection.execute(f"drop owned by {READER}".encode())
    connection.execute(f"drop role {READER}".encode())


@pytest.fixture
def limited(connection: Connection) -> Connection:
    """Two sessions of each member, a week apart; ben alone worked for 10k, the others for stb."""
    given: dict[str, list[dict[str, Any]]] = {"claude_sessions": [], "session_days": [], "session_facets": []}
    given["session_entries"] = []
    for member in TEAM:
        for week in (0, 1):
            day, name = MONDAY + timedelta(days=7 * week + 1), f"{member.user}-{week}"
            given["claude_sessions"].append({"id": name, "machine": member.machines[0], "title": f"Of {name}"})
            given["session_days"].append({"session_id": name, "activity_date": day, "active_minutes": 10})
            business = "10k" if member.user == "ben" else "stb"
            given["session_facets"].append({"session_id": name, "businesses": [business]})
            given["session_entries"].append({"session_id": name, "entry_no": 1, "text": f"words of {name}"})
    insert_rows(connection, given)
    connection.execute(
        "insert into insights.insights_snapshots (period_type, period_start, period_end, narrative)"
        " values ('weekly', '2026-11-01', '2026-11-08', '{}')"
    )
    limit_readers(connection, TEAM, 5)
    return connection


def see_as(reader_url: str, name: str, key: str, sql: str) -> list[dict[str, Any]]:
    with connect(reader_url, is_read_only=True) as opened:
        set_viewer(opened, sign_viewer(name, key))
        return execute(opened, sql)


OpenAs = Callable[..., TestClient]


@pytest.fixture
def open_as(reader_url: str, database_url: str, limited: Connection) -> Iterator[OpenAs]:
    """One app for everybody, as in Airflow: the header `who` stands for its sign-in."""
    profile: Profile = load_profile(find_include_dir(Settings()) / "profile.yaml")

    def correct(session_id: str, values: Any, **more: Any) -> Any:
        with connect(database_url) as opened:
            return correct_facets(opened, session_id, values, profile=profile, **more)

    def render(connection: Connection, snapshot_id: int) -> str:
        return render_snapshot(connection, snapshot_id, profile)

    def who(request: Request) -> str:
        return request.headers["who"]

    app = build_app(
        guard=lambda: None,
        user_name=who,
        login_url=lambda back: back,
        open_desk=lambda templates: Desk(
            profile, Settings(team_group_size=5), build_templates(templates, profile), correct, render
        ),
        find_url=lambda: reader_url,
        templates=TEMPLATES,
        find_key=lambda: load_signing_key(limited),
    )

    def open_one(name: str) -> TestClient:
        return TestClient(app, headers={"who": name, "accept": "text/html"}, follow_redirects=False)

    yield open_one
    app.state.pool.close()
