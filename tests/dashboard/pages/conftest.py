"""The dashboard's routers in an app of their own, on a database of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from session_insights.dashboard import api, archive, health, session, sessions, team, team_page
from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, user
from session_insights.dashboard.templates import build_templates
from session_insights.settings import Settings, find_include_dir
from session_insights.stages.correcting import correct_facets
from session_insights.stages.reporting import render_snapshot
from session_insights.store.database import Connection, connect
from tests.helpers import sample_profile

PROFILE = sample_profile()


def make_app(database_url: str) -> FastAPI:
    app = FastAPI()
    for room in (api, team, sessions, session, archive, team_page, health):
        app.include_router(room.router)

    def read_only() -> Iterator[Connection]:
        with connect(database_url) as opened:
            opened.execute("set default_transaction_read_only = on")
            yield opened

    def correct(session_id: str, values: Any, **more: Any) -> Any:
        with connect(database_url) as opened:
            return correct_facets(opened, session_id, values, profile=PROFILE, **more)

    templates = build_templates(find_include_dir(Settings()) / "templates", PROFILE)
    templates.globals |= {"assets_version": "1", "has_team": False}
    app.state.desk = Desk(PROFILE, Settings(), templates, correct, partial(render_snapshot, profile=PROFILE))
    app.dependency_overrides |= {reader: read_only, user: lambda: "Robin"}
    return app


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient]:
    with TestClient(make_app(database_url), base_url="http://insights.test") as opened:
        yield opened
