"""The dashboard without Airflow: a real app on real Postgres, with everybody let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from session_insights.dashboard.app import build_app
from session_insights.dashboard.desk import Desk
from session_insights.dashboard.templates import build_templates
from session_insights.profile import Profile, load_profile
from session_insights.settings import Settings, find_include_dir
from session_insights.stages.correcting import correct_facets
from session_insights.stages.reporting import render_snapshot
from session_insights.store.database import connect
from tests.dashboard.team import limited, open_as, reader_url

__all__ = ["limited", "open_as", "reader_url"]  # fixtures
TEMPLATES = find_include_dir(Settings()) / "templates"
OpenClient = Callable[..., TestClient]


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile(find_include_dir(Settings()) / "profile.yaml")


@pytest.fixture
def open_client(profile: Profile) -> Iterator[OpenClient]:
    """A client of an app on a database; `guard` decides who is let in."""
    opened: list[TestClient] = []

    def open_one(
        url: str, *, guard: Callable[..., Any] = lambda: None, warms: bool = False, **options: Any
    ) -> TestClient:
        def correct(session_id: str, values: Any, **more: Any) -> Any:
            with connect(url) as opened:
                return correct_facets(opened, session_id, values, profile=profile, **more)

        def open_desk(templates: Path) -> Desk:
            return Desk(
                profile,
                Settings(),
                build_templates(templates, profile),
                correct,
                partial(render_snapshot, profile=profile),
            )

        app = build_app(
            guard=guard,
            user_name=lambda: "alex",
            login_url=lambda back: f"/auth/login?next={back}",
            open_desk=open_desk,
            find_url=lambda: url,
            templates=TEMPLATES,
            warms=warms,
        )
        client = TestClient(app, headers={"accept": "text/html"}, **options)
        client.__enter__()
        opened.append(client)
        return client

    yield open_one
    for client in opened:
        client.__exit__()
        if client.app.state.warmer:  # type: ignore[attr-defined]
            client.app.state.warmer.stop()  # type: ignore[attr-defined]
        client.app.state.pool.close()  # type: ignore[attr-defined]


@pytest.fixture
def client(open_client: OpenClient, database_url: str) -> TestClient:
    return open_client(database_url)
