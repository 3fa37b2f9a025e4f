"""Pages that people with a screen reader, a keyboard or weak eyes can use, as axe finds it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.dashboard.browser.conftest import OpenTab
from tests.dashboard.browser.scene import NEAR

PAGES = ("?days=30", "sessions", f"sessions/{NEAR}", "reports", "reports/1", "health", "team", "nowhere", "?days=x")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(open_tab: OpenTab, path: str, dark: bool) -> None:
    tab = open_tab(dark=dark, width=360 if dark else 1200)
    tab.open(f"/insights/{path}")
    for fold in tab.page.locator("summary").all()[:3]:
        fold.click()
    found = Axe().run(tab.page)
    assert found.violations_count == 0, found.generate_report()
