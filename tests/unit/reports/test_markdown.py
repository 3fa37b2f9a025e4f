"""The report as Markdown: the words and figures of the page, and whatever stands in a transcript as letters.

Read back by a real parser with everything on that a viewer may have: raw HTML, tables, links made of bare addresses.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from session_insights.narratives.writing import write_offline
from session_insights.reports.content import Content, build_content
from session_insights.reports.markdown import render_markdown
from session_insights.reports.markdown_text import code, escape, fence, inline, table
from tests.golden.loading import FOLDER, MONTH_STATES, STATES, last_month, load_case
from tests.unit.reports.test_golden import FACTS, compare
from tests.unit.reports.test_hostile_text import HOSTILE, content_of

PARSER = MarkdownIt("gfm-like", {"html": True})
ATTACKS = [
    *HOSTILE,
    "[here](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
    "https://evil.example/x www.evil.example evil.com mailto:a@evil.example a@evil.example ftp://evil.example",
    "@everyone @octocat see #12 and octo/cat#3",
    "```\n# not a heading\n```",
    "``` `code` ````",
    "# heading",
    "> quoted",
    "- item",
    "1. item",
    "===",
    "---",
    "a | b | c \\| d \\\\| e",
    "[x]: https://evil.example 'x'",
    "[^1]: note [^1] ~~gone~~ $x^2$ :tada:",
    "<details><summary>x</summary>",
    "\\[a](b) \\\\`c` \\<b>",
]


def content(state: str) -> Content:
    case = STATES[state](load_case()) if state in STATES else MONTH_STATES[state](load_case("monthly"))
    last = last_month(case) if state == "monthly" else None
    narrative = write_offline(case.figures, case.profile, case.window, last=last)
    return build_content(case.figures, narrative, case.profile, case.window, FACTS)


def tokens_of(text: str) -> list[Token]:
    """Every token, those inside a line too."""
    return [each for token in PARSER.parse(text) for each in (token, *(token.children or []))]


def shown(text: str) -> str:
    """What a reader sees of a line."""
    seen = "".join(token.content for token in PARSER.parseInline(text)[0].children or [])
    return seen.replace("\u200b", "")


@pytest.mark.parametrize("state", ["weekly", "monthly", "first_week", "empty_month", "read_offline", "reader_changed"])
def test_the_markdown_of_a_report_is_unchanged(state: str) -> None:
    compare(FOLDER / f"{state}.md", render_markdown(content(state)))


@pytest.mark.parametrize("state", sorted({**STATES, **MONTH_STATES}))
def test_every_state_has_headings_and_tables_that_a_parser_reads(state: str) -> None:
    text = render_markdown(content(state))
    tokens = tokens_of(text)
    assert sum(token.tag == "h1" for token in tokens) == 2, "opened and closed once"
    for block in text.split("\n\n"):
        if block.startswith("| "):
            lines = block.splitlines()
            assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {lines[0].count("|")}
    assert sum(token.type == "table_open" for token in tokens) == sum(
        block.startswith("| ") for block in text.split("\n\n")
    )


def test_nothing_of_the_page_is_lost() -> None:
    made = content("weekly")
    text = shown(render_markdown(made).replace("\n", " "))
    story = made.story
    for section in (story.attention, story.friction, story.people, story.value, story.health):
        for said in (section.headline, *section.paragraphs):
            assert re.sub(r"[*`]", "", said) in text
    commands = [item.command for finding in made.friction.findings for item in finding.evidence]
    assert len(commands) == 14
    for words in (*commands, made.masthead.coverage, made.masthead.cost, *made.foot.left_out, "Wed 18 5:08"):
        assert words in text


@pytest.fixture(scope="module")
def harmless() -> Counter[str]:
    return Counter(token.type for token in tokens_of(render_markdown(content_of("words"))))


@pytest.mark.parametrize("text", ATTACKS)
def test_hostile_text_makes_no_link_image_html_or_block(text: str, harmless: Counter[str]) -> None:
    made = render_markdown(content_of(text))
    found = Counter(token.type for token in tokens_of(made))
    inside = {"text", "code_inline", "strong_open", "strong_close", "text_special", "softbreak", "em_open", "em_close"}
    assert {kind for kind in found if found[kind] != harmless[kind]} <= inside
    assert not re.search(r"@(?=\w)|#(?=\d)", _outside_code(made)), "nobody is called and no issue is named"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200c-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", made)


def _outside_code(text: str) -> str:
    return "".join(token.content for token in tokens_of(text) if token.type == "text")


@pytest.mark.parametrize("text", ATTACKS)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    line = " ".join(re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]", "", text).split())
    assert shown(escape(text)) == line


def test_bold_and_code_of_our_own_stay() -> None:
    assert inline("**64%** of `theme/dist`, ↓ 7 points, worse") == "**64%** of `theme/dist`, ↓ 7 points, worse"
    assert inline("**a_b** <b> `x`") == "**a\\_b** \\<b\\> `x`"


def test_a_line_to_copy_is_exactly_what_it_is() -> None:
    line = "run ``` and `x` | y @here https://example.com"
    [block] = [token for token in PARSER.parse(fence(line)) if token.type == "fence"]
    assert block.content == line + "\n"
    [span] = PARSER.parseInline(code("`a` ``b``"))[0].children or []
    assert span.content == "`a` ``b``"


def test_a_bar_in_a_cell_stays_in_its_cell() -> None:
    made = table(["A", "B"], [(escape("x | y"), code("a | b")), (None, escape("z"))])
    cells = [token.children for token in PARSER.parse(made) if token.type == "inline"]
    assert ["".join(each.content for each in cell or []) for cell in cells] == [
        "A",
        "B",
        "x | y",
        "a | b",
        "unknown",
        "z",
    ]


@pytest.mark.parametrize("number", ["9.2", "14.2 M", "-5", "$57.80", "1,518", "+3"])
def test_a_figure_is_not_escaped(number: str) -> None:
    assert escape(number) == number
