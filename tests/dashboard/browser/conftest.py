"""Chromium in front of the live Airflow of `tests/live.py`, and the sessions that it looks at."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from session_insights.store.database import Connection, connect
from tests.dashboard.browser.scene import add_scene, remove_scene
from tests.live import Site

COMMANDS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Tab:
    """A page and everything that a hostile transcript would show itself by."""

    page: Page
    site: Site
    dialogs: list[str] = field(default_factory=list)
    strange_requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # of the browser, about the policy; and errors of scripts

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def watch(self) -> None:
        own = urlsplit(self.site.url).netloc
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if "Security Policy" in said.text else None
        )
        self.page.context.on(
            "request",
            lambda asked: (
                self.strange_requests.append(asked.url)
                if urlsplit(asked.url).scheme in ("http", "https", "ws", "wss") and urlsplit(asked.url).netloc != own
                else None
            ),
        )
        self.page.context.on("page", lambda opened: self.complaints.append(f"a page was opened: {opened.url}"))


OpenTab = Callable[..., Tab]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, else the one of `playwright install chromium`; without one CI fails."""
    # Chromium has no sandbox of its own for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        problem = ""
        for command in (*filter(None, map(shutil.which, COMMANDS)), None):
            try:
                opened = playwright.chromium.launch(executable_path=command, args=arguments)
            except Error as error:
                problem = error.message
                continue
            yield opened
            opened.close()
            return
    told = f"no browser: `.venv/bin/playwright install chromium` gets one ({problem[:300]})"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="module")
def scene(site: Site) -> Iterator[Connection]:
    """The site's database with sessions of the last weeks that no transcript is behind."""
    with connect(site.database_url) as connection:
        remove_scene(connection)
        add_scene(connection, datetime.now(UTC))
        yield connection
        remove_scene(connection)


@pytest.fixture
def open_tab(browser: Browser, site: Site, scene: Connection) -> Iterator[OpenTab]:
    """Opens a tab of its own browser profile; `role` is who is signed in, None nobody."""
    opened: list[Tab] = []

    def open_one(
        role: str | None = "ADMIN", *, width: int = 1200, dark: bool | None = False, scripts: bool = True
    ) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            # None: nothing is emulated; frames then follow the page around them.
            color_scheme="null" if dark is None else "dark" if dark else "light",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(20_000)
        if role is not None:
            context.add_cookies([{"name": "_token", "value": sign_in(site, role), "url": site.url}])
        tab = Tab(context.new_page(), site)
        tab.watch()
        opened.append(tab)
        return tab

    yield open_one
    for tab in opened:
        tab.page.context.close()


def sign_in(site: Site, role: str) -> str:
    """Airflow's own token of the site's user, in another role; an empty one has no right at all."""
    token = site.client.headers["authorization"].removeprefix("Bearer ")
    kept = json.loads((Path(site.state_dir) / "airflow" / "secrets.json").read_text())
    claims = jwt.decode(token, options={"verify_signature": False}) | {"role": role or None}
    head = jwt.get_unverified_header(token)
    return jwt.encode(claims, kept["AIRFLOW__API_AUTH__JWT_SECRET"], algorithm=head["alg"], headers=head)
