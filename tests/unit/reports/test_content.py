"""What a page says in each state."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from session_insights.measures import compare
from session_insights.narratives.writing import write_offline
from session_insights.profile import Business, Profile
from session_insights.records import Figures
from session_insights.reports.attention import build_attention
from session_insights.reports.colours import business_colour
from session_insights.reports.content import Content, ReportFacts, build_content
from session_insights.reports.evidence import build_evidence, resume_command
from session_insights.reports.rendering import ReportTooLarge, render_html
from session_insights.windows import Window
from session_insights.wording import period_words
from tests.golden.loading import (
    Case,
    empty_week,
    first_week,
    load_case,
    partly_read,
    read_offline,
    reader_changed,
    second_month,
    unread_week,
)

FACTS = ReportFacts(made_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC), version="0.1.0")


def content_of(case: Case) -> Content:
    narrative = write_offline(case.figures, case.profile, case.window)
    return build_content(case.figures, narrative, case.profile, case.window, FACTS)


@pytest.fixture
def case() -> Case:
    return load_case()


def test_a_week_that_is_known_only_in_part_is_said_to_be_so(case: Case) -> None:
    current, previous = copy.deepcopy(case.figures.current), copy.deepcopy(case.figures.previous)
    previous["attention_by_day"] = [{"activity_date": day, "active_minutes": 9} for day in ("2026-11-12", "2026-11-11")]
    whole = replace(case, figures=Figures(current, previous))
    assert content_of(whole).masthead.compared_with == "8 to 14 November: 38 of 38 sessions read"
    for row in current["summary_by_week"][:-2]:
        row.update(session_count=0, read_count=0)
    part = replace(case, figures=Figures(current, previous))
    said = "8 to 14 November, known only from 11 November on: 38 of 38 sessions read"
    assert content_of(part).masthead.compared_with == said


def test_what_was_judged_is_not_compared_across_a_change_of_the_reader(case: Case) -> None:
    content = content_of(reader_changed(case))
    said = "Reader changed on 18 November, from rules to Haiku 5.5: judged figures before and after do not compare."
    assert content.masthead.changes == (said,)
    cards = {card.label: card for card in content.cards}
    for label in ("Time on priorities", "Goals reached", "Corrections per 10", "Time saved, at least", "People"):
        assert cards[label].delta is None
        assert cards[label].was == "another reader last week"
        assert cards[label].range == "first week since the change"
        assert "reader changed: " in cards[label].sparkline
    corrections, connectors, *_ = content.friction.lines
    assert (corrections.delta, corrections.detail) == (None, "37 in 41")
    assert "reader changed: 9.0" in corrections.chart
    assert connectors.delta is not None
    assert "reader changed" not in connectors.chart
    assert not content.attention.has_past
    assert not content.people.has_past
    assert [figure.delta for figure in content.value.figures] == [None] * 4
    assert all(row.detail.endswith("; another reader last week") for row in content.priorities.rows)
    assert [finding.detail.count("last week") for finding in content.friction.findings] == [1, 0, 1]


def test_what_code_counts_is_compared_across_a_change_of_the_reader(case: Case) -> None:
    plain, changed = ({card.label: card for card in content_of(one).cards} for one in (case, reader_changed(case)))
    for label in ("Your sessions", "Active time", "Cost at list price"):
        assert changed[label] == plain[label]


def test_a_month_is_not_called_busier_than_one_that_is_known_in_part(case: Case) -> None:
    month = load_case("monthly")
    narrative = write_offline(month.figures, month.profile, month.window)
    part = second_month(month)
    said = write_offline(part.figures, part.profile, part.window)
    assert narrative.months is not None
    assert said.months is not None
    assert said.months.headline == "No trend yet: last month is known from 20 September on"
    assert "than last month" not in said.headline + said.lede
    sums = ("Your sessions", "Active time", "Time saved, at least", "People", "Cost at list price")
    cards = [card for card in content_of(part).cards if card.label in sums]
    assert [card.delta for card in cards] == [None] * len(sums)
    assert all(card.was.endswith(", from 20 Sep on") for card in cards)


def test_how_often_it_went_wrong_in_a_session_is_said_where_it_was_more_than_once(case: Case) -> None:
    connector, approach, *_ = content_of(case).friction.findings
    assert [item.times for item in approach.evidence] == ["3 times", *["2 times"] * 4]
    assert {item.times for item in connector.evidence} == {""}, "its account says how many calls failed"
    assert [item.times for item in build_evidence([{"points": 1}, {"points": None}, {}], case.profile)] == [""] * 3


def test_each_card_has_its_value_its_difference_and_last_weeks_value(case: Case) -> None:
    cards = {card.label: card for card in content_of(case).cards}
    shown = {
        label: (
            "".join(number + unit for number, unit in card.value),
            card.delta.text if card.delta else None,
            card.was,
        )
        for label, card in cards.items()
    }
    assert shown == {
        "Your sessions": ("42", "↑ 4 more", "last week 38"),
        "Active time": ("25 h 18 min", "↑ 2 h 05 more", "last week 23 h 13"),
        "Time on priorities": ("64%", "↓ 7 points, worse", "last week 71%"),
        "Goals reached": ("75%, 30 of 40", "→ unchanged", "last week 27 of 36"),
        "Corrections per 10": ("9.0 (37 in all)", "↑ 1.1 more, worse", "last week 7.9"),
        "Time saved, at least": ("14 h 10 min", "↑ 1 h 50 more, better", "last week 12 h 20"),
        "People": ("12", "↑ 3 more", "last week 9"),
        "Cost at list price": ("$57.80", "↑ $6.60 more", "last week $51.20"),
    }


def test_the_first_week_compares_nothing(case: Case) -> None:
    content = content_of(first_week(case))
    assert content.is_first
    assert "deltas start on 29 November" in content.masthead.compared_with
    assert all(card.delta is None for card in content.cards)
    assert content.cards[0].sparkline.count("<rect") == 1
    page = render_html(content)
    assert "last week" not in page.lower().split("<body>")[1]


def test_a_week_without_sessions_shows_zeros_and_leaves_judged_sections_out(case: Case) -> None:
    content = content_of(empty_week(case))
    assert [card.value[0][0] for card in content.cards] == ["0", "0", "0", "0", "0", "0", "0", "$0.00"]
    page = render_html(content)
    assert 'id="health"' in page
    assert 'id="priorities"' not in page
    assert "No sessions of yours from 15 to 21 November. 118 automated sessions ran" in page


def test_partial_coverage_stands_above_the_first_headline(case: Case) -> None:
    page = render_html(content_of(partly_read(case)))
    warning = page.index("Read 24 of 42 sessions; 17 wait to be read, 1 failed.")
    assert warning < page.index('id="glance-h"')


def test_corrected_facets_are_said_where_coverage_is(case: Case) -> None:
    assert "corrected" not in content_of(case).masthead.coverage
    case.figures.current["coverage"][0]["corrected_facet_count"] = 3
    assert content_of(case).masthead.coverage.endswith("; 3 facets corrected by a person.")


def test_nearly_complete_coverage_is_no_warning(case: Case) -> None:
    assert content_of(case).masthead.warning == ""


def test_sums_of_what_was_judged_are_not_compared_when_much_is_unread(case: Case) -> None:
    content = content_of(partly_read(case))
    assert {card.label: card.delta for card in content.cards}["Time saved, at least"] is None
    assert all(figure.delta is None for figure in content.value.figures)


def test_an_offline_reader_leaves_time_saved_unknown_and_says_so(case: Case) -> None:
    content = content_of(read_offline(case))
    page = render_html(content)
    assert content.masthead.note == "Read without a model: counts are complete, judgements come from rules."
    assert content.value.needs_reader
    assert content.value.figures[0].value is None
    assert [row.saved for row in content.value.rows] == [None] * 5
    assert "Needs a reader" in page
    assert content.value.outcome is not None  # outcome is judged by rules as well


def test_unread_sessions_make_judged_figures_unknown_and_never_zero(case: Case) -> None:
    content = content_of(unread_week(case))
    unknown = {card.label for card in content.cards if not card.value}
    assert unknown == {"Time on priorities", "Goals reached", "Corrections per 10", "Time saved, at least", "People"}
    assert content.skills.missed is None
    assert content.story.headline == "42 sessions of yours, none of them read yet"


def test_sums_below_tables_are_those_of_the_rows(case: Case) -> None:
    content = content_of(case)
    rows = content.attention.rows
    assert sum(int(row.session_count) for row in rows) == int(content.attention.all.session_count)
    assert sum(int(row.minutes.replace(",", "")) for row in rows) == int(content.attention.all.minutes.replace(",", ""))
    people = content.people
    assert sum(int(row.contacts) for row in people.rows) == int(people.all.contacts)
    assert sum(int(row.was) for row in people.rows) == int(people.all.was)


def test_a_business_keeps_its_colour_by_its_place_in_the_profile() -> None:
    profile = Profile(
        owner="Robin",
        time_zone="UTC",
        businesses=tuple(Business(slug=f"b{n}", about="x") for n in range(1, 9)),
    )
    assert business_colour(profile, "b1") == "var(--c1)"
    assert business_colour(profile, "b6") == "var(--c6)"
    assert business_colour(profile, "b7") == "var(--grey)"
    assert business_colour(profile, "gone") == "var(--grey)"
    assert business_colour(profile, None) is None


def test_businesses_without_a_colour_stand_together_in_the_chart(case: Case) -> None:
    figures = copy.deepcopy(case.figures)
    for row in figures.current["attention_by_business"] + figures.current["attention_by_day"]:
        if row["business"] in ("shop", "personal"):
            row["business"] = f"former-{row['business']}"
    seen = compare(figures.current, figures.previous, case.window)
    words = period_words(case.window.start, case.window.end)
    attention = build_attention(seen, case.profile, case.window, words)
    assert attention.chart is not None
    assert "<b>other</b> <em>27%</em>" in attention.chart
    assert [row.name for row in attention.rows if row.colour == "var(--grey)"] == ["former-shop", "former-personal"]


def test_a_month_of_bars_and_a_quarter_of_weeks(case: Case) -> None:
    for window, bars in (
        (Window(date(2026, 11, 1), date(2026, 12, 1)), 30),
        (Window(date(2026, 9, 1), date(2026, 12, 1)), 13),
    ):
        content = content_of(replace(case, window=window))
        assert content.attention.chart is not None
        assert f'style="--n:{bars}"' in content.attention.chart


def test_findings_of_one_session_are_an_incident_and_no_pattern(case: Case) -> None:
    friction = content_of(case).friction
    assert [finding.title for finding in friction.findings] == [
        "The mail connector failed",
        "Claude took the wrong approach",
        "The same call failed again and again",
    ]
    assert friction.incidents == (
        "One incident, not a pattern: A tool could not do it in “Rename the order fields” (1 of 41 sessions)."
    )


def test_only_the_first_finding_is_open(case: Case) -> None:
    page = render_html(content_of(case))
    assert page.count("<details open>") == 1


@pytest.mark.parametrize("session_id", ["x; rm -rf /", "$(id)", "a b", "-h", "", "a\nb", "`id`"])
def test_only_an_id_becomes_part_of_a_command(session_id: str) -> None:
    assert resume_command(session_id) == ""


def test_a_busy_week_is_cut_to_what_a_reader_can_take_in(case: Case) -> None:
    current = copy.deepcopy(case.figures.current)
    for name, key, count in (
        ("relationship_pulse", "person", 300),
        ("tool_failures", "tool", 200),
        ("automated_sessions", "initiated_by", 60),
        ("skills_used", "skill", 200),
        ("skills_missed", "skill", 200),
        ("top_friction", "finding", 50),
        ("unread_sessions", "title", 300),
    ):
        current[name] = [{**current[name][0], key: f"{key} {n} {'of a long name ' * 9}"} for n in range(count)]
    for row in current["top_friction"] + current["skills_missed"]:
        item = {**row["evidence"][0], "title": "title " * 90, "summary": "summary " * 900, "detail": "detail " * 900}
        row.update(session_count=1000, evidence=[item] * 12)
    content = content_of(replace(case, figures=Figures(current, case.figures.previous)))
    assert len(render_html(content).encode()) < 250_000
    assert content.people.rows[-1].name == "292 others"
    assert content.health.more_tools == "and 194 more tools"
    assert content.health.starters[-1].name == "50 others"
    assert content.skills.notes[-1] == "188 more skills with fewer sessions are in the sum only."
    assert [finding.more_count for finding in content.friction.findings] == [988] * 3
    assert "295 more sessions failed." in content.foot.left_out


def test_a_page_over_a_megabyte_is_refused(case: Case) -> None:
    content = content_of(case)
    many = replace(content, foot=replace(content.foot, left_out=("x" * 1_000_001,)))
    with pytest.raises(ReportTooLarge, match="choose fewer days"):
        render_html(many)


def test_cost_is_unknown_when_no_message_has_a_price(case: Case) -> None:
    current = copy.deepcopy(case.figures.current)
    current["summary"][0].update(cost_usd=None, unpriced_message_count=9)
    content = content_of(replace(case, figures=Figures(current, case.figures.previous)))
    assert content.cards[-1].value == ()
    assert "9 messages came from a model without a list price" in content.attention.notes[2]


def test_sums_over_messages_without_a_final_count_are_at_least(case: Case) -> None:
    current = copy.deepcopy(case.figures.current)
    for count, is_bound in ((0, False), (3, True)):
        current["summary"][0].update(unfinished_message_count=count, unpriced_message_count=0)
        content = content_of(replace(case, figures=Figures(current, case.figures.previous)))
        assert any("3 messages ended without a final count" in note for note in content.attention.notes) is is_bound
        assert ("your sessions: at least $57.80" in str(content.masthead)) is is_bound


def test_circles_that_are_repeated_calls_in_the_same_sessions_are_told_once(case: Case) -> None:
    current = copy.deepcopy(case.figures.current)
    repeated = next(row for row in current["top_friction"] if row["finding"] == "retry_loops")
    current["top_friction"].insert(0, {**repeated, "finding": "loop_detected"})
    made = replace(case, figures=Figures(current, case.figures.previous))
    titles = [finding.title for finding in content_of(made).friction.findings]
    assert "The same call failed again and again" in titles
    assert "Claude went round in circles" not in titles
    current["top_friction"][0] = {**repeated, "finding": "loop_detected", "session_count": 9}
    assert content_of(made).friction.findings[0].title == "Claude went round in circles"


def test_a_summary_does_not_repeat_the_title_above_it(case: Case) -> None:
    item = {"session_id": "a", "title": "Fix it", "summary": "Fix it: three calls.", "detail": "no, not there"}
    (shown,) = build_evidence([item], case.profile)
    assert shown.text == "no, not there. Three calls."


@pytest.mark.parametrize(
    ("start", "end", "title"),
    [
        (date(2026, 11, 15), date(2026, 11, 22), "The week of 15 to 21 November"),
        (date(2026, 11, 1), date(2026, 12, 1), "November 2026"),
        (date(2026, 11, 20), date(2026, 11, 21), "Friday 20 November 2026"),
        (date(2026, 11, 12), date(2026, 11, 22), "The 10 days from 12 to 21 November"),
    ],
)
def test_a_page_is_named_by_its_days(case: Case, start: date, end: date, title: str) -> None:
    assert content_of(replace(case, window=Window(start, end))).masthead.title == title
