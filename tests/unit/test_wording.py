"""How a quantity is said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_insights import wording


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.duration(1518), "25 h 18 min"),
        (wording.duration(40), "40 min"),
        (wording.duration(59.6), "1 h 00 min"),
        (wording.short_duration(120), "2 h 00"),
        (wording.clock(308), "5:08"),
        (wording.number(1518), "1,518"),
        (wording.plural(1, "session"), "1 session"),
        (wording.plural(0, "session"), "0 sessions"),
        (wording.plural(2, "person", "people"), "2 people"),
        (wording.tokens(14_200_000), "14.2 M"),
        (wording.tokens(12_400), "12 k"),
        (wording.tokens(640), "640"),
        (wording.money(57.8), "$57.80"),
        (wording.money(0.0891), "$0.089"),
        (wording.cents(0.6), "$0.60"),
        (wording.cents(0.001), "<$0.01"),
        (wording.percent(1, 8), 13),
        (wording.percent(1, 0), None),
        (wording.per_ten(37, 41), 9.0),
        (wording.per_ten(33, 40), 8.3),
        (wording.spelled(6), "six"),
        (wording.spelled(118), "118"),
        (wording.listed(["a", "b", "c"]), "a, b and c"),
        (wording.zone_city("America/New_York"), "New York"),
        (wording.finding_words("connector:gmail"), "The gmail connector failed"),
        (wording.finding_words("wrong_approach"), "Claude took the wrong approach"),
        (wording.finding_words("new_kind"), "New kind"),
    ],
)
def test_a_quantity_has_one_form(said: object, expected: object) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 11, 15), date(2026, 11, 21), "15 to 21 November"),
        (date(2026, 11, 29), date(2026, 12, 5), "29 November to 5 December"),
        (date(2026, 12, 27), date(2027, 1, 2), "27 December 2026 to 2 January 2027"),
        (date(2026, 11, 15), date(2026, 11, 15), "15 November"),
    ],
)
def test_a_range_of_days_names_what_differs(first: date, last: date, expected: str) -> None:
    assert wording.day_range(first, last) == expected


def test_a_moment_is_in_the_readers_time_zone() -> None:
    at = datetime(2026, 11, 16, 15, 12, tzinfo=UTC)
    assert wording.moment(at, ZoneInfo("America/New_York")) == "Mon 16 Nov, 10:12"
    assert wording.moment(at.isoformat(), ZoneInfo("America/New_York")) == "Mon 16 Nov, 10:12"


@pytest.mark.parametrize(
    ("delta", "text", "tone"),
    [
        (wording.points_delta(64, 71, better="more", level=4.9), "↓ 7 points, worse", "bad"),
        (wording.points_delta(75, 74, better="more", level=4.9), "↑ 1 point, about level", "same"),
        (wording.points_delta(75, 75, better="more", level=4.9), "→ unchanged", "same"),
        (wording.points_delta(44, 53, better=None, level=0), "↓ 9 points", "same"),
        (wording.rate_delta(9.0, 7.9, better="less", level=0.5), "↑ 1.1 more, worse", "bad"),
        (wording.rate_delta(1.2, 1.8, better="less", level=0.5), "↓ 0.6 fewer, better", "good"),
        (wording.rate_delta(0.7, 0.8, better="less", level=0.5), "↓ 0.1, about level", "same"),
        (wording.count_delta(42, 38), "↑ 4 more", "same"),
        (wording.count_delta(4, 4), "→ same", "same"),
        (wording.duration_delta(850, 740, better="more", level=45), "↑ 1 h 50 more, better", "good"),
        (wording.duration_delta(760, 740, better="more", level=45), "↑ 20 min more, about level", "same"),
        (wording.money_delta(57.8, 51.2), "↑ $6.60 more", "same"),
        (wording.target_delta(33, 45, level=4.9), "↓ 12 points short", "bad"),
        (wording.target_delta(13, 15, level=4.9), "↓ 2 points short", "same"),
        (wording.target_delta(36, 15, is_ceiling=True, level=4.9), "↑ 21 points over", "bad"),
        (wording.target_delta(10, 15, is_ceiling=True, level=4.9), "↓ 5 points under", "same"),
    ],
)
def test_a_difference_has_arrow_amount_word_and_tone(delta: wording.Delta, text: str, tone: str) -> None:
    assert (delta.text, delta.tone) == (text, tone)


def test_what_two_sessions_make_is_level() -> None:
    assert wording.level_points(41, 38) == pytest.approx(200 / 38)
    assert wording.level_points(0, 40) == 5
    assert wording.level_per_ten(200, 300) == 0.5
    assert wording.level_per_ten(5, 40) == 4.0


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_float_can_be_said(value: float) -> None:
    for say in (wording.number, wording.duration, wording.short_duration, wording.clock):
        assert "nan" not in say(value).lower()


@given(st.text(max_size=300), st.integers(min_value=5, max_value=80))
def test_a_shortened_text_is_one_line_within_its_length(text: str, most: int) -> None:
    short = wording.shorten(text, most)
    assert len(short) <= most
    assert "\n" not in short


def test_a_window_is_called_by_its_length() -> None:
    assert wording.period_words(date(2026, 11, 15), date(2026, 11, 22)).last == "last week"
    assert wording.period_words(date(2026, 11, 1), date(2026, 12, 1)).last == "last month"
    assert wording.period_words(date(2026, 11, 10), date(2026, 11, 20)).last == "the 10 days before"
