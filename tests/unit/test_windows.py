"""Which days a run is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from session_insights.errors import SettingsError
from session_insights.windows import Window, month_of, resolve_window

NEW_YORK = ZoneInfo("America/New_York")


def weekly(run_at: datetime, **given: str) -> Window:
    return resolve_window("weekly", time_zone=NEW_YORK, run_at=run_at, **given)


@pytest.mark.parametrize("run_at", ["2026-11-22T11:00:00", "2026-11-25T09:00:00", "2026-11-29T04:59:00"])
def test_a_week_is_the_seven_days_before_the_last_sunday(run_at: str) -> None:
    window = weekly(datetime.fromisoformat(run_at).replace(tzinfo=UTC))
    assert (window.start, window.end) == (date(2026, 11, 15), date(2026, 11, 22))


def test_a_new_week_begins_at_local_midnight() -> None:
    assert weekly(datetime(2026, 11, 29, 5, 0, tzinfo=UTC)).start == date(2026, 11, 22)


def test_since_and_until_are_exactly_those_days() -> None:
    window = weekly(datetime(2026, 1, 1, tzinfo=UTC), since="2026-11-03", until="2026-11-05")
    assert window.days == [date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5)]


def test_since_alone_is_a_week_from_there_and_until_alone_a_week_up_to_there() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert weekly(now, since="2026-11-03") == Window(date(2026, 11, 3), date(2026, 11, 10))
    assert weekly(now, until="2026-11-09") == Window(date(2026, 11, 3), date(2026, 11, 10))


def test_a_month_is_the_calendar_month_before() -> None:
    window = resolve_window("monthly", time_zone=NEW_YORK, run_at=datetime(2026, 3, 1, 11, tzinfo=UTC))
    assert window == month_of(date(2026, 2, 1))
    assert window.previous() == month_of(date(2026, 1, 1))


def test_the_window_before_has_as_many_days() -> None:
    window = Window(date(2026, 11, 3), date(2026, 11, 6))
    assert window.previous() == Window(date(2026, 10, 31), date(2026, 11, 3))


def test_until_before_since_is_refused_with_a_remedy() -> None:
    with pytest.raises(SettingsError, match="since ≤ until"):
        weekly(datetime(2026, 1, 1, tzinfo=UTC), since="2026-11-05", until="2026-11-03")


def test_a_date_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="since: 'tomorrow' is not a date"):
        weekly(datetime(2026, 1, 1, tzinfo=UTC), since="tomorrow")
