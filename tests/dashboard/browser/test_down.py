"""A database that is down or slow, seen in the browser: words, a way to try again, and the page when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from session_insights.store.database import Connection, connect
from tests.dashboard.browser.conftest import OpenTab, Tab
from tests.live import Site

REST_MS = 2_500  # longer than the dashboard waits before it asks a dead server again


@contextmanager
def closed(site: Site, scene: Connection) -> Iterator[None]:
    """Nobody gets into our database; Airflow's own goes on."""
    place = urlsplit(site.database_url)
    name = place.path.lstrip("/")
    with connect(place._replace(path="/postgres").geturl()) as admin:
        admin.execute(f'alter database "{name}" allow_connections false'.encode())
        try:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> %s",
                [name, scene.info.backend_pid],
            )
            yield
        finally:
            admin.execute(f'alter database "{name}" allow_connections true'.encode())


def expect_words(tab: Tab, title: str) -> None:
    page = tab.page
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("link", name="Back to the overview")).to_be_visible()
    expect(page.get_by_role("navigation", name="Insights")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    assert "Traceback" not in page.content()
    assert Axe().run(page).violations_count == 0
    assert tab.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_database_that_is_down_gives_a_page_that_leads_back_to_what_was_asked(
    open_tab: OpenTab, site: Site, scene: Connection, dark: bool
) -> None:
    site.wait_for_quiet()
    tab = open_tab(width=360 if dark else 1200, dark=dark, scripts=True)
    with closed(site, scene):
        tab.open("/insights/sessions?q=apple")
        expect_words(tab, "No database")
        expect(tab.page.locator("body")).to_have_css(
            "background-color", "rgb(20, 23, 26)" if dark else "rgb(251, 250, 247)"
        )
        answer = site.client.get("/insights/api/sessions")
        assert (answer.status_code, list(answer.json())) == (503, ["detail"])
    tab.page.wait_for_timeout(REST_MS)
    tab.page.get_by_role("link", name="Try again").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Sessions")
    assert tab.page.url == f"{site.url}/insights/sessions?q=apple"


def test_a_database_that_takes_too_long_gives_a_page_that_leads_back(
    open_tab: OpenTab, site: Site, scene: Connection
) -> None:
    site.wait_for_quiet()
    tab = open_tab()
    with scene.transaction():
        scene.execute("lock table insights.day_facts in access exclusive mode")
        tab.open("/insights/?days=90&machine=nobody")
        expect_words(tab, "That took too long")
    tab.page.get_by_role("link", name="Try again").click()
    expect(tab.page.locator("h1")).to_contain_text(" 20")  # its days, with the year
    assert tab.page.url == f"{site.url}/insights/?days=90&machine=nobody"
