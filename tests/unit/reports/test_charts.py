"""Charts: what they draw agrees with the figures, whatever these are."""

from __future__ import annotations

import itertools
import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_insights.reports.charts.day_bars import LABEL_GAP, DayBar, Segment, draw_day_bars, place_labels
from session_insights.reports.charts.line import draw_line, scale_top
from session_insights.reports.charts.marks import clean_text, share
from session_insights.reports.charts.sparkline import draw_sparkline
from session_insights.reports.charts.strip import Part, draw_strip
from session_insights.reports.charts.target_bar import draw_target_bar
from session_insights.reports.charts.unit_boxes import draw_contacts, draw_used_missed

anything = st.floats(allow_nan=True, allow_infinity=True)
sizes = st.floats(min_value=0, max_value=1e6)
names = st.text(max_size=30)
COLOURS = st.sampled_from(["var(--c1)", "var(--grey)", None])


def parse(markup: str) -> ElementTree.Element:
    """As XML, so that an unescaped value or an unclosed tag is an error."""
    return ElementTree.fromstring(f"<root>{markup.replace('<br>', '<br/>')}</root>")


def check_sizes(markup: str) -> None:
    assert not re.search(r"\bnan\b|\binf\b", markup)
    for element in parse(markup).iter():
        for name in ("x", "y", "width", "height"):
            if name in element.attrib:
                assert float(element.attrib[name]) >= 0
        for value in re.findall(r"(?:flex|bottom|top|--w):([\d.e+-]+)", element.attrib.get("style", "")):
            assert math.isfinite(float(value))


@given(st.lists(st.one_of(st.none(), anything), max_size=12), names)
def test_a_sparkline_never_has_an_impossible_size(values: list[float | None], label: str) -> None:
    check_sizes(draw_sparkline(label, values, ["spoken"] * len(values)))


@given(st.lists(st.one_of(st.none(), anything), max_size=12), st.integers(min_value=0, max_value=1000), names)
def test_a_line_never_has_an_impossible_size(values: list[float | None], top: int, label: str) -> None:
    check_sizes(draw_line(label, values, top=top, unit="per 10"))


@given(names, anything, st.one_of(st.none(), anything.filter(math.isfinite)))
def test_a_target_bar_never_has_an_impossible_size(label: str, actual: float, target: float | None) -> None:
    check_sizes(draw_target_bar(label, actual, target, colour="var(--c1)"))


@given(st.lists(st.lists(st.builds(Segment, names, anything, COLOURS), max_size=8), max_size=40))
def test_day_bars_never_have_an_impossible_size(days: list[list[Segment]]) -> None:
    bars = [DayBar("Sun 15", ("Sun", "15"), tuple(segments)) for segments in days]
    check_sizes(draw_day_bars(bars, [segment for bar in bars for segment in bar.segments][:8], "spoken", "Week"))


@given(st.lists(st.builds(Part, names, names, anything, st.just("var(--c1)")), max_size=6))
def test_a_strip_never_has_an_impossible_size(parts: list[Part]) -> None:
    check_sizes(draw_strip(parts))


@given(*[st.integers(min_value=-5, max_value=500)] * 3)
def test_boxes_never_have_an_impossible_size(a: int, b: int, c: int) -> None:
    check_sizes(draw_used_missed(a, b))
    check_sizes(draw_contacts(a, b, c, widest=(a, b + c)))


@given(st.lists(sizes, max_size=8))
def test_labels_of_the_week_column_do_not_overlap(minutes: list[float]) -> None:
    whole = sum(minutes)
    places = place_labels([100 * value / whole if whole else 0 for value in minutes])
    assert all(after - before >= LABEL_GAP - 1e-6 for before, after in itertools.pairwise(places))
    assert all(-1e-6 <= place <= 100 + LABEL_GAP for place in places)


def test_a_label_stands_beside_the_middle_of_its_segment_where_there_is_room() -> None:
    assert place_labels([60, 30, 10]) == [30, 75, 95]


def test_the_columns_of_a_sparkline_are_proportional_from_zero() -> None:
    chart = parse(draw_sparkline("Sessions", [20, None, 40], ["20", "unknown", "40"]))
    heights = [float(rect.attrib["height"]) for rect in chart.iter("rect")]
    assert heights == [13, 26]
    assert [rect.attrib["fill"] for rect in chart.iter("rect")] == ["var(--quiet)", "var(--accent)"]
    assert chart[0].attrib["aria-label"] == "Sessions, last 3 weeks: 20, unknown, 40"


def test_a_missing_week_is_a_gap_in_the_line_and_not_a_zero() -> None:
    chart = draw_line("Loops", [1.0, 2.0, None, 4.0, 1.0], top=4, unit="per 10")
    path = re.findall(r'd="(M0 [^"]*)" fill="none"', chart)[0]
    assert path == "M0 75.0 L10 50.0 M30 0.0 L40 75.0"


def test_lines_share_the_first_round_scale_that_holds_them() -> None:
    assert [scale_top([value]) for value in (0, 2, 3.1, 9, 11, 35, 99)] == [2, 2, 4, 10, 20, 40, 100]


def test_segments_stack_to_the_minutes_of_the_day() -> None:
    day = DayBar("Sun 15", ("Sun", "15"), (Segment("studio", 60, "var(--c1)"), Segment("unknown", 30, None)))
    chart = parse(draw_day_bars([day], day.segments, "spoken", "Week"))
    rects = list(chart.iter("rect"))
    heights = [float(rect.attrib["height"]) for rect in rects]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.02)
    assert "stroke-dasharray" in rects[1].attrib
    assert [title.text for title in chart.iter("title")][:2] == ["Sun 15, studio: 60 min", "Sun 15, unknown: 30 min"]
    labels = ["".join(span.itertext()) for span in chart.iter("span")]
    assert labels[-2:] == ["studio 67%", "unknown 33%"]


def test_many_days_are_named_now_and_then_and_the_last_one_leaves_room_for_the_column_beside_it() -> None:
    days = [DayBar(f"Day {n}", ("Day", str(n)), ()) for n in range(31)]
    texts = re.findall(r'<div class="x">([^<]+)<br>(\d+)</div>', draw_day_bars(days, [], "spoken", "Month"))
    assert [day for _, day in texts] == ["0", "5", "10", "15", "20", "25"]


def test_one_box_stands_for_one_session() -> None:
    chart = parse(draw_used_missed(6, 3))
    fills = [rect.attrib["fill"] for rect in chart.iter("rect")]
    assert fills == ["var(--accent)"] * 6 + ["none"] * 3


def test_more_boxes_than_fit_are_cut_and_still_counted() -> None:
    chart = draw_used_missed(40, 2)
    assert chart.count("<rect") == 24
    assert "…" in chart
    assert "used in 40, missed in 2" in chart


def test_contacts_share_one_middle() -> None:
    charts = [parse(draw_contacts(4, 2, 0, widest=(4, 3))), parse(draw_contacts(1, 2, 1, widest=(4, 3)))]
    assert len({next(chart.iter("path")).attrib["d"] for chart in charts}) == 1
    assert [len(list(chart.iter("rect"))) for chart in charts] == [6, 4]


def test_parts_of_a_strip_take_their_share_and_empty_ones_none() -> None:
    chart = parse(draw_strip([Part("21", "Fully", 21, "var(--accent)"), Part("0", "Not", 0, "var(--bad)")]))
    assert [div.attrib["style"] for div in chart.iter("div") if "style" in div.attrib] == ["flex:21 1 0;--w:100.0"]


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 4, 0.25), (5, 4, 1), (-1, 4, 0), (1, 0, 0), (1, -4, 0), (math.nan, 4, 0), (1, math.inf, 0)],
)
def test_a_share_is_between_nothing_and_all(part: float, whole: float, expected: float) -> None:
    assert share(part, whole) == expected


def test_hidden_and_turning_characters_are_dropped() -> None:
    assert clean_text("a\u202egnp.exe\u200b b\x1b[31m\u2066") == "agnp.exe b[31m"
    assert clean_text("שלום, 你好 é") == "שלום, 你好 é"


def test_parts_too_narrow_for_their_words_stand_below_each_other() -> None:
    wide = [Part("A", "many words", 30, "red"), Part("B", "more words", 20, "red")]
    assert 'class="strip stack"' in draw_strip(wide, stacked_on_phone=True)
    narrow = [*wide, Part("C", "misunderstanding", 4, "red")]
    assert 'class="strip stack narrow"' in draw_strip(narrow, stacked_on_phone=True)
    assert 'class="strip"' in draw_strip(narrow)
