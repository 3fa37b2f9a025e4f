"""Where the reader of two periods is another one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from session_insights.readers import find_changes, model_name
from session_insights.windows import Window

FIRST = date(2026, 11, 1)
WEEKS = [Window(FIRST + timedelta(days=7 * n), FIRST + timedelta(days=7 * n + 7)) for n in range(3)]
RULES, HAIKU, SONNET, ASKED_ANEW = (
    ("offline", 2),
    ("claude-haiku-5-5", 4),
    ("claude-sonnet-5-5", 4),
    ("claude-haiku-5-5", 5),
)


def read(day: int, reader: tuple[str, int], count: int = 5) -> dict[str, Any]:
    return {
        "activity_date": f"2026-11-{day:02d}",
        "model": reader[0],
        "prompt_version": reader[1],
        "session_count": count,
    }


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (RULES, HAIKU, "from rules to Haiku 5.5"),
        (HAIKU, SONNET, "from Haiku 5.5 to Sonnet 5.5"),
        (HAIKU, ASKED_ANEW, "from Haiku 5.5, version 4 of its question, to version 5"),
    ],
)
def test_a_change_is_dated_with_the_first_day_of_the_new_reader(
    before: tuple[str, int], after: tuple[str, int], words: str
) -> None:
    rows = [read(day, before if day < 11 else after) for day in (2, 4, 9, 10, 11, 13)]
    changes = find_changes(rows, WEEKS)
    assert [change.day for change in changes.values()] == [date(2026, 11, 11)]
    said = f"Reader changed on 11 November, {words}: judged figures before and after do not compare."
    assert changes[1].sentence == said


def test_a_week_with_two_readers_compares_with_neither_neighbour() -> None:
    rows = [read(day, RULES if day < 11 else HAIKU) for day in range(1, 22)]
    changes = find_changes(rows, WEEKS)
    assert sorted(changes) == [1, 2]
    assert {change.day for change in changes.values()} == {date(2026, 11, 11)}


def test_a_session_that_was_read_again_is_no_change() -> None:
    rows = [read(day, RULES) for day in range(1, 15)] + [read(9, HAIKU, 1)]
    assert not find_changes(rows, WEEKS)


def test_a_week_in_which_nothing_was_read_is_passed_over() -> None:
    rows = [read(2, RULES), read(3, RULES), read(16, HAIKU)]
    changes = find_changes(rows, WEEKS)
    assert {place: change.day for place, change in changes.items()} == {2: date(2026, 11, 16)}
    assert not find_changes([read(2, RULES)], WEEKS)


def test_readers_that_no_day_parts_are_said_to_be_mixed() -> None:
    rows = [read(day, RULES, 9) for day in range(1, 15)] + [read(day, HAIKU, 4) for day in range(8, 15)]
    (change,) = find_changes(rows, WEEKS).values()
    assert change.day is None
    said = "Sessions from 1 to 14 November were read by several readers: their judged figures do not compare."
    assert change.sentence == said


def test_a_model_is_called_by_its_family_and_version() -> None:
    assert model_name("claude-haiku-5-5") == "Haiku 5.5"
    assert model_name("claude-haiku-5-5-20260401") == "Haiku 5.5"
    assert model_name("own/model") == "own/model"
