"""Transcripts are untrusted: whatever stands in a title, a name or a summary reaches the page as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from session_insights.narratives.writing import write_offline
from session_insights.records import Figures
from session_insights.reports.content import Content, ReportFacts, build_content
from session_insights.reports.inline import render_inline
from session_insights.reports.rendering import render_html
from tests.golden.loading import load_case

FACTS = ReportFacts(made_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC), version="0.1.0")
KEPT = {
    "session_id",
    "started_at",
    "week_start",
    "activity_date",
    "outcome",
    "priority_alignment",
    "friction_kind",
    "state",
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}</style>",
    "</title><base href=//evil>",
    "{{ 7*7 }}{% include 'x' %}",
    "**bold** `code` [link](https://evil.example) ↑ 9 more, better",
    "\u202emoc.live\u202c\u200b\ufeff\x00\x1b[2J",
    "&lt;script&gt;&#60;b&#62;",
    "W" * 3000,
    "שלום עולם " * 40,
    "a\r\n\tb\x85c",
    "]]><!--",
    "x;y:url(//evil)",
]


class Tags(HTMLParser):
    """Every tag with its attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(attrs)))


def poison(value: Any, text: str, key: str = "") -> Any:
    """Every free text of the figures replaced; names of rows stay apart by a number."""
    if isinstance(value, dict):
        return {name: poison(item, text, name) for name, item in value.items()}
    if isinstance(value, list):
        return [poison(item, f"{text}{n}" if key == "" else text, key) for n, item in enumerate(value)]
    return text if isinstance(value, str) and key not in KEPT else value


def content_of(text: str) -> Content:
    """A report in which every free text is the same one."""
    case = load_case()
    rows = {
        name: [poison(row, f"{text}{n}") for n, row in enumerate(rows)] for name, rows in case.figures.current.items()
    }
    profile = case.profile.model_copy(
        update={
            "owner": text,
            "priorities": tuple(p.model_copy(update={"label": text}) for p in case.profile.priorities),
            "people": tuple(p.model_copy(update={"name": text, "about": text}) for p in case.profile.people),
            "skills": tuple(s.model_copy(update={"when": text}) for s in case.profile.skills),
        }
    )
    figures = Figures(rows, case.figures.previous)
    narrative = write_offline(figures, profile, case.window)
    told = narrative.model_copy(
        update={
            "lede": text[:800],
            "headline": text[:120],
            "people": narrative.people.model_copy(update={"headline": text[:120], "paragraphs": (text[:800],)}),
            "recommendations": tuple(
                r.model_copy(
                    update={"title": text[:120], "why": text[:800], "line": text[:300], "measured_by": text[:300]}
                )
                for r in narrative.recommendations
            ),
            "writer": text,
            "error": text,
        }
    )
    return build_content(figures, told, profile, case.window, FACTS)


def render(text: str) -> str:
    return render_html(content_of(text))


@pytest.fixture(scope="module")
def harmless() -> set[tuple[str, tuple[str, ...]]]:
    """Tags with the names of their attributes on a page of plain words."""
    tags = Tags()
    tags.feed(render("words"))
    return {(tag, tuple(name for name, _ in attributes)) for tag, attributes in tags.seen}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_tag_and_no_attribute(text: str, harmless: set[tuple[str, tuple[str, ...]]]) -> None:
    tags = Tags()
    tags.feed(render(text))
    found = {(tag, tuple(name for name, _ in attributes)) for tag, attributes in tags.seen}
    assert found - harmless <= {("b", ()), ("code", ()), ("span", ("class",))}
    for tag, attributes in tags.seen:
        assert tag not in ("script", "img", "iframe", "base", "link", "object", "form")
        for name, value in attributes:
            assert not name.startswith("on")
            if name == "href":
                assert re.fullmatch(r"#[a-z]+", value or "")
            if name in ("style", "fill", "stroke"):
                assert "url" not in (value or "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_invisible_or_turning_character_reaches_the_page(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", render(text))


def test_long_words_are_cut_and_the_page_stays_small() -> None:
    page = render("W" * 3000)
    assert len(page) < 400_000
    names = re.findall(r"<th scope=\"row\">(?:<[^>]*>)*([^<]*)", page)
    assert max(len(name) for name in names if "W" in name) <= 64


def test_markup_of_our_own_is_all_that_text_may_carry() -> None:
    assert render_inline("**64%** of `theme/dist`, ↓ 7 points, worse <b>x</b> [a](http://b)") == (
        "<b>64%</b> of <code>theme/dist</code>, "
        '<span class="d bad">↓ 7 points, worse</span> &lt;b&gt;x&lt;/b&gt; [a](http://b)'
    )


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("↑ 1 h 50 more, better than", '<span class="d good">↑ 1 h 50 more, better</span> than'),
        ("↑ 1.1 more per 10 sessions, worse than", '<span class="d bad">↑ 1.1 more per 10 sessions, worse</span> than'),
        ("(75%, → unchanged)", '(75%, <span class="d same">→ unchanged</span>)'),
        ("↓ 9 points from", '<span class="d same">↓ 9 points</span> from'),
        ("↓ 1 point, about level with", '<span class="d same">↓ 1 point, about level</span> with'),
        ("↑ $6.60 more", '<span class="d same">↑ $6.60 more</span>'),
    ],
)
def test_a_difference_in_a_text_gets_its_colour(text: str, marked: str) -> None:
    assert render_inline(text) == marked
