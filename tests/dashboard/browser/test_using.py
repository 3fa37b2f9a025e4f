"""A person at work: from Airflow's login to the entry behind a figure, and a word against the reader."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from local.airflow_environment import USER
from tests.dashboard.browser.conftest import OpenTab, Tab
from tests.dashboard.browser.scene import NEAR, PROJECT
from tests.live import Site


def insights(page: Page) -> FrameLocator:
    return page.frame_locator('iframe[title="Insights"]')


def test_a_person_signs_in_and_opens_insights_from_airflows_navigation(open_tab: OpenTab, site: Site) -> None:
    tab = open_tab(None)
    tab.open("/")
    tab.page.get_by_label("Username").fill(USER)
    tab.page.locator("input[type=password]").fill(site.password)
    tab.page.get_by_role("button", name="Sign in").click()
    tab.page.get_by_role("link", name="Insights").click()
    frame = insights(tab.page)
    expect(frame.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")
    frame.get_by_role("link", name="Health").click()
    expect(frame.get_by_role("heading", name="Health", exact=True)).to_be_visible()
    assert (tab.dialogs, tab.strange_requests, tab.complaints) == ([], [], [])


def test_the_frame_is_light_and_dark_as_airflow_is(open_tab: OpenTab) -> None:
    tab = open_tab(dark=False)
    tab.open("/plugin/insights")
    root = insights(tab.page).locator(":root")
    expect(root).to_have_attribute("data-theme", "light")
    tab.page.get_by_role("button", name="User").click()
    tab.page.get_by_role("menuitem", name="Appearance").click()
    tab.page.get_by_text("Dark Mode").click()
    expect(root).to_have_attribute("data-theme", "dark")
    # On its own address it is as a person chose in Airflow.
    tab.open("/insights/sessions")
    expect(tab.page.locator("body")).to_have_css("background-color", "rgb(20, 23, 26)")


def test_a_figure_leads_to_its_sessions_a_session_and_its_evidence(open_tab: OpenTab) -> None:
    tab = open_tab()
    page = tab.page
    tab.open(f"/insights/?project={PROJECT}")
    expect(card(page, "Your sessions").locator(".v")).to_have_text("1")
    page.get_by_role("navigation", name="Days").get_by_role("link", name="30").click()
    expect(card(page, "Your sessions").locator(".v")).to_have_text("2")
    expect(card(page, "Goals reached")).to_contain_text("1 of 2")
    card(page, "Corrections per 10").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Prune the apple trees").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prune the apple trees")
    judged(page, "outcome").get_by_role("link", name="Entry 3").click()
    expect(page).to_have_url(re.compile("#e3$"))
    expect(page.locator("#e3")).to_be_in_viewport()
    expect(page.locator("#e3")).to_contain_text("no such saw")


def test_a_correction_changes_the_figures(open_tab: OpenTab) -> None:
    tab = open_tab()
    page = tab.page
    tab.open(f"/insights/?project={PROJECT}&days=30")
    expect(card(page, "Goals reached")).to_contain_text("1 of 2")
    tab.open(f"/insights/sessions/{NEAR}")
    outcome = judged(page, "outcome")
    outcome.get_by_text("Correct", exact=True).click()
    outcome.get_by_role("combobox").select_option("fully_achieved")
    outcome.get_by_label("Why, if you like").fill("seen in the orchard")
    outcome.get_by_role("button", name="Save").click()
    expect(outcome).to_contain_text("Corrected by a person; the reader said Not achieved")
    expect(page.get_by_text("seen in the orchard")).to_be_visible()
    tab.open(f"/insights/?project={PROJECT}&days=30")
    expect(card(page, "Goals reached")).to_contain_text("2 of 2")
    tab.open(f"/insights/sessions/{NEAR}")
    outcome.get_by_text("Correct", exact=True).click()
    outcome.get_by_role("button", name="Take back").click()
    expect(outcome).not_to_contain_text("Corrected by a person")


def test_a_report_is_shown_below_the_navigation_in_the_theme_of_the_page(open_tab: OpenTab) -> None:
    tab = open_tab(dark=None)
    tab.open("/insights/reports")
    tab.page.evaluate("localStorage.setItem('theme', 'dark')")  # as Airflow keeps it
    tab.page.locator("tbody a").first.click()
    report = tab.page.frame_locator("iframe")
    expect(report.get_by_role("heading", level=1)).to_be_visible()
    expect(report.locator("body")).to_have_css("background-color", "rgb(20, 23, 26)")
    expect(tab.page.get_by_role("link", name="Reports").first).to_be_visible()
    assert (tab.dialogs, tab.strange_requests, tab.complaints) == ([], [], [])


@pytest.mark.parametrize(
    "path", ["", "sessions", f"sessions/{NEAR}", "reports", "reports/1", "health", "team", "?days=x"]
)
def test_no_page_is_wider_than_a_phone(open_tab: OpenTab, path: str) -> None:
    tab = open_tab(width=360)
    tab.open(f"/insights/{path}")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_all_is_reached_by_keyboard_and_what_has_the_focus_is_outlined(open_tab: OpenTab) -> None:
    tab = open_tab()
    page = tab.page
    tab.open(f"/insights/?project={PROJECT}&days=30")
    page.keyboard.press("Tab")
    assert focused(tab) == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(tab).startswith("Your sessions")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sessions")
    page.get_by_role("searchbox").press_sequentially("prune")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_without_javascript_everything_can_be_read_chosen_and_corrected(open_tab: OpenTab) -> None:
    tab = open_tab(scripts=False, dark=True)
    page = tab.page
    tab.open(f"/insights/?project={PROJECT}")
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 23, 26)")
    expect(card(page, "Your sessions").locator(".v")).to_have_text("1")
    page.get_by_label("From").fill(str(datetime.now(UTC).date() - timedelta(days=25)))
    page.locator("form.dates").get_by_role("button", name="Show").click()
    expect(card(page, "Your sessions").locator(".v")).to_have_text("2")
    tab.open(f"/insights/sessions/{NEAR}")
    decisions = judged(page, "decisions_made")
    decisions.get_by_text("Correct", exact=True).click()
    decisions.get_by_role("textbox", name="Decisions").fill("many")
    decisions.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Decisions was not changed")


def card(page: Page, label: str) -> Locator:
    return page.locator(".card", has_text=label)


def judged(page: Page, facet: str) -> Locator:
    return page.locator(f"#f-{facet}")


def focused(tab: Tab) -> str:
    return str(tab.page.evaluate("document.activeElement.innerText"))
