"""The whole page. Renew with SESSION_INSIGHTS_RENEW_GOLDEN=1 after reading what has changed."""

from __future__ import annotations

import html
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from session_insights.narratives.sections import Narrative
from session_insights.narratives.writing import write_offline
from session_insights.reports.content import ReportFacts, build_content
from session_insights.reports.rendering import render_html
from tests.golden.loading import FOLDER, MONTH_STATES, STATES, Case, last_month, load_case

FACTS = ReportFacts(made_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC), version="0.1.0")


def render(case: Case, last: Narrative | None = None) -> str:
    narrative = write_offline(case.figures, case.profile, case.window, last=last)
    return render_html(build_content(case.figures, narrative, case.profile, case.window, FACTS))


def compare(path: Path, made: str) -> None:
    if os.environ.get("SESSION_INSIGHTS_RENEW_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8"), f"{path.name} is no longer what is made; read it, then renew it"


def text_of(page: str) -> str:
    """What a reader reads: one line a block, charts by their labels."""
    body = page[page.index("<body>") :]
    body = re.sub(r'<svg[^>]*aria-label="([^"]*)"[^>]*>.*?</svg>', r" [\1] ", body, flags=re.S)
    body = re.sub(r'<div class="(?:mp|days)"[^>]*aria-label="([^"]*)"[^>]*>', r" [\1] ", body)
    body = re.sub(r"<svg.*?</svg>", "", body, flags=re.S)
    body = re.sub(r"</(?:p|h\d|li|tr|caption|figcaption|summary|dd|ul|div|code|a)>|<br>", "\n", body)
    body = re.sub(r"</t[hd]>|</dt>|</span>", " ", body)
    lines = (" ".join(html.unescape(re.sub(r"<[^>]*>", "", line)).split()) for line in body.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def test_the_page_of_the_mock_week_is_unchanged() -> None:
    compare(FOLDER / "weekly.html", render(load_case()))


def test_the_page_of_the_mock_month_is_unchanged() -> None:
    case = load_case("monthly")
    compare(FOLDER / "monthly.html", render(case, last_month(case)))


@pytest.mark.parametrize("state", sorted(MONTH_STATES))
def test_the_text_of_every_state_of_a_month_is_unchanged(state: str) -> None:
    case = MONTH_STATES[state](load_case("monthly"))
    compare(FOLDER / f"{state}.txt", text_of(render(case, last_month(case) if state == "monthly" else None)))


@pytest.mark.parametrize("state", sorted(STATES))
def test_the_text_of_every_state_is_unchanged(state: str) -> None:
    compare(FOLDER / f"{state}.txt", text_of(render(STATES[state](load_case()))))


def test_the_same_content_gives_the_same_bytes() -> None:
    assert render(load_case()) == render(load_case())


@pytest.mark.parametrize("state", sorted({**STATES, **MONTH_STATES}))
def test_a_page_asks_for_nothing_and_runs_nothing(state: str) -> None:
    case = STATES[state](load_case()) if state in STATES else MONTH_STATES[state](load_case("monthly"))
    page = render(case)
    assert not re.search(r"<script|<link|<img|<iframe|<object|@import|url\(|\bsrc=|\bon\w+=|javascript:", page, re.I)
    assert not re.search(r"""(?:href|action|content)=["'](?:https?:)?//""", page)
    assert "default-src 'none'" in page or "default-src &#39;none&#39;" in page
    assert len(page.encode()) < 1_000_000
