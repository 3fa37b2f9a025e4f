"""Who may not look, and what was written by somebody else: neither gets anything."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from tests.dashboard.browser.conftest import OpenTab, sign_in
from tests.dashboard.browser.scene import HOSTILE_ID, NEAR
from tests.live import Site

ROUTES = (
    "",
    "sessions",
    f"sessions/{NEAR}",
    "reports",
    "reports/1",
    "reports/1/page",
    "team",
    "health",
    "assets/dashboard.css",
    "assets/theme.js",
    "openapi.json",
    "api/sessions",
    f"api/sessions/{NEAR}",
    "api/sessions/facet-stats",
    "api/figures",
    "api/snapshots",
    "api/snapshots/1",
    "api/team",
)
HOSTILE_PAGES = (
    "",
    "?days=30",
    "sessions",
    "sessions?q=managed",
    "sessions?person=%3Cscript%3Ealert(9)%3C/script%3E",
    f"sessions/{quote(HOSTILE_ID)}",
    "reports",
    "health",
    "%3Cscript%3Ealert(9)%3C/script%3E",
)
INVISIBLE = re.compile("[\u200b\u202a-\u202e\u2066-\u2069]")


def test_the_routes_of_these_tests_are_all_there_are(site: Site) -> None:
    paths = site.client.get("/insights/openapi.json").json()["paths"]
    for path in paths:
        if path.endswith("/facets"):
            continue
        pattern = re.sub(r"\{\w+\}", ".+", path.lstrip("/"))
        assert any(re.fullmatch(pattern, route) for route in ROUTES), path


@pytest.mark.parametrize("path", ROUTES)
def test_signed_out_there_is_no_data_on_any_route(site: Site, path: str) -> None:
    with httpx.Client(base_url=site.url, trust_env=False) as nobody:
        machine = nobody.get(f"/insights/{path}")
        assert machine.status_code == 401
        assert machine.json() == {"detail": "Not authenticated"}
        browser = nobody.get(f"/insights/{path}", headers={"accept": "text/html"})
        assert browser.status_code == 307
        assert "/auth/login" in browser.headers["location"]


def test_signed_out_a_browser_comes_to_airflows_login(open_tab: OpenTab) -> None:
    tab = open_tab(None)
    tab.open(f"/insights/sessions/{NEAR}")
    expect(tab.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "apple" not in tab.page.content()


def test_a_user_without_the_right_to_our_dags_gets_a_clear_no(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab("")
    tab.open(f"/insights/sessions/{NEAR}")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    with httpx.Client(base_url=site.url, trust_env=False, cookies={"_token": sign_in(site, "")}) as stranger:
        for path in ROUTES:
            assert stranger.get(f"/insights/{path}").status_code == 403, path


def test_a_viewer_reads_and_corrects_nothing(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab("VIEWER")
    tab.open(f"/insights/sessions/{NEAR}")
    expect(tab.page.get_by_text("can be corrected by people who may change the runs of our DAGs")).to_be_visible()
    expect(tab.page.locator("main form")).to_have_count(0)
    # A form from somewhere else, or of an hour ago, is refused.
    token = "x" * 43
    cookies = {"_token": sign_in(site, "VIEWER"), "session_insights_form": token}
    form = {"token": token, "facet": "decisions_made", "value": "3"}
    with httpx.Client(base_url=site.url, trust_env=False, cookies=cookies) as viewer:
        answer = viewer.post(f"/insights/sessions/{NEAR}/facets", data=form, headers={"origin": site.url})
    assert answer.status_code == 403
    tab.open(f"/insights/sessions/{NEAR}")
    expect(tab.page.locator("#f-decisions_made")).not_to_contain_text("Corrected by a person")


@pytest.mark.parametrize("path", HOSTILE_PAGES)
def test_hostile_transcripts_do_nothing(open_tab: OpenTab, path: str) -> None:
    tab = open_tab()
    tab.open(f"/insights/{path}")
    page = tab.page
    for fold in page.locator("summary").all():
        fold.click()
    page.mouse.wheel(0, 5000)
    page.wait_for_load_state("networkidle")
    assert (tab.dialogs, tab.strange_requests, tab.complaints) == ([], [], [])
    assert page.locator("main :is(img, iframe, style, link, [onload], [onerror])").count() == 0
    leads_to = page.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    assert all(address.startswith(f"{tab.site.url}/") for address in leads_to)
    assert page.locator("script").count() == 1
    assert not INVISIBLE.search(page.content())
    assert page.url.startswith(f"{tab.site.url}/insights/")


def test_a_hostile_session_is_shown_as_the_text_that_it_is(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.open("/insights/sessions?q=managed")
    tab.page.locator("td a.row").first.click()
    expect(tab.page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script><img src=https://evil")
    expect(tab.page.locator("#e1")).to_contain_text("{{ 7 * 7 }}")
    tab.page.locator("#f-outcome").get_by_text("Correct", exact=True).click()
    tab.page.locator("#f-outcome").get_by_role("combobox").select_option("fully_achieved")
    tab.page.locator("#f-outcome").get_by_role("button", name="Save").click()
    expect(tab.page.locator("#f-outcome")).to_contain_text("Corrected by a person")
    assert (tab.dialogs, tab.strange_requests, tab.complaints) == ([], [], [])
