"""Clocks that jump: daylight saving both ways, a system clock that goes back, files and machines from the future."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from session_insights.settings import Settings
from session_insights.stages import sync
from session_insights.store.database import Connection, execute
from session_insights.store.facets import save_reading
from session_insights.store.spending import load_spending
from session_insights.windows import Window, resolve_window
from tests.building import Record, assistant, stamp, transcript, user, write_transcript
from tests.dumping import dump_rows, first_difference
from tests.helpers import sample_profile, sync_folder
from tests.store.test_facets import add_session, due, failure, reading

PROFILE = sample_profile().model_copy(update={"time_zone": "America/New_York"})
ZONE = ZoneInfo("America/New_York")
# Sundays on which the clock there is changed: one of 23 hours, one of 25.
CHANGES = [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)]


def half_hours(first: datetime, last: datetime) -> list[Record]:
    """A prompt each half hour, by the clock of UTC, which knows no daylight saving."""
    count = int((last - first) / timedelta(minutes=30))
    records: list[Record] = []
    for number in range(count):
        at = stamp(first + timedelta(minutes=30 * number))
        records.append(user(f"prompt {number}", timestamp=at, promptSource="typed"))
    return records


@pytest.mark.parametrize(("sunday", "hours"), CHANGES)
def test_a_day_has_the_prompts_of_all_its_hours_and_no_other(
    connection: Connection, tmp_path: Path, sunday: date, hours: int, note: list[str]
) -> None:
    start = datetime(sunday.year, sunday.month, sunday.day, tzinfo=ZONE) - timedelta(days=1)
    end = start + timedelta(days=3)  # by the clock on the wall
    records = half_hours(start.astimezone(UTC), end.astimezone(UTC))
    write_transcript(tmp_path, transcript(*records, assistant("Done.", timestamp=records[-1]["timestamp"])))
    files, _ = sync.find_changed(connection, [("laptop", tmp_path)])
    sync.sync_files(connection, files, profile=PROFILE, settings=Settings(), processes=1)
    days = execute(
        connection, "select activity_date, human_prompt_count from insights.session_days order by activity_date"
    )
    expected = {sunday - timedelta(days=1): 48, sunday: 2 * hours, sunday + timedelta(days=1): 48}
    assert {row["activity_date"]: row["human_prompt_count"] for row in days} == expected
    note.append(f"| clock changed on {sunday} ({hours} hours) | 3 days | each prompt on its own day, once | – |")


@pytest.mark.parametrize(("sunday", "_hours"), CHANGES)
def test_weeks_around_a_change_meet_without_gap_or_overlap(sunday: date, _hours: int) -> None:
    def week(day: date) -> Window:
        return resolve_window("weekly", time_zone=ZONE, run_at=datetime(day.year, day.month, day.day, 6, tzinfo=ZONE))

    before, after = week(sunday), week(sunday + timedelta(days=7))
    assert (before.end, after.start, after.end) == (sunday, sunday, sunday + timedelta(days=7))
    # A run at one minute to and after the local midnight that begins the day.
    midnight = datetime(sunday.year, sunday.month, sunday.day, tzinfo=ZONE).astimezone(UTC)
    for minutes, end in ((-1, sunday - timedelta(days=7)), (1, sunday)):
        run_at = midnight + timedelta(minutes=minutes)
        assert resolve_window("weekly", time_zone=ZONE, run_at=run_at).end == end


@pytest.mark.parametrize(("sunday", "hours"), CHANGES)
def test_the_cap_of_a_day_is_for_all_its_hours(connection: Connection, sunday: date, hours: int) -> None:
    start = datetime(sunday.year, sunday.month, sunday.day, tzinfo=ZONE).astimezone(UTC)
    add_session(connection, "s")
    for hour in (-1, 0, hours - 1):
        save_reading(connection, reading("s", reader="claude", cost_usd=1.0), dag_run_id="new")
        execute(
            connection,
            "update insights.facet_extractions set attempted_at = %(at)s, dag_run_id = null where dag_run_id = 'new'",
            at=start + timedelta(hours=hour, minutes=30),
        )
    last = start + timedelta(hours=hours) - timedelta(seconds=1)
    assert load_spending(connection, profile=PROFILE, now=last).today_usd == 2.0
    assert load_spending(connection, profile=PROFILE, now=last + timedelta(seconds=1)).today_usd == 0.0


def test_files_from_the_future_and_from_the_past_are_read_as_any_other(
    connection: Connection, tmp_path: Path, note: list[str]
) -> None:
    path = write_transcript(tmp_path, transcript(user("do it"), assistant("Done."), user("thanks")))
    sync_folder(connection, tmp_path)
    expected = dump_rows(connection)
    for year in (2099, 1971, 2026):
        at = datetime(year, 1, 1, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
        assert sync_folder(connection, tmp_path)["read_count"] == 1
        assert first_difference(dump_rows(connection), expected) is None
        assert sync_folder(connection, tmp_path)["read_count"] == 0
        warnings = sync.find_source_warnings(connection, [("laptop", tmp_path)], settings=Settings())
        assert all(warning["since"] is None or warning["since"][:4] <= "2026" for warning in warnings)
    note.append("| mtime of a file in 2099, 1971, 2026 | 3 | read once each, same rows | – |")


def test_a_file_that_grew_while_the_clock_stood_still_is_read(connection: Connection, tmp_path: Path) -> None:
    records = transcript(user("do it"), assistant("Done."), user("thanks"), assistant("Gladly."))
    path = write_transcript(tmp_path, records[:2])
    at = path.stat().st_mtime_ns
    sync_folder(connection, tmp_path)
    write_transcript(tmp_path, records)
    os.utime(path, ns=(at, at))
    assert sync_folder(connection, tmp_path)["read_count"] == 1


def test_a_system_clock_that_goes_back_reads_nothing_twice_and_stops_nothing_for_longer_than_it_went(
    connection: Connection, note: list[str]
) -> None:
    now = datetime.now(UTC)
    for name in ("read", "new", "failed"):
        add_session(connection, name, last_record_at=now - timedelta(days=3))
    save_reading(connection, reading("read"))
    save_reading(connection, failure("failed"))
    yesterday = now - timedelta(days=1)
    # The failure's back-off ends when the clock is where it was; nothing is read again.
    assert due(connection, now=yesterday) == ["new"]
    assert sorted(due(connection, now=now + timedelta(hours=1))) == ["failed", "new"]
    assert load_spending(connection, profile=PROFILE, now=yesterday).today_usd == 0.0
    note.append("| system clock back by a day | once | nothing twice; a failed session waits a day longer | – |")


def test_a_machine_whose_clock_is_ahead_has_its_sessions_read(connection: Connection, note: list[str]) -> None:
    now = datetime.now(UTC)
    add_session(connection, "ahead", last_record_at=now + timedelta(days=400), synced_at=now - timedelta(minutes=11))
    add_session(connection, "busy", last_record_at=now + timedelta(days=400), synced_at=now - timedelta(minutes=5))
    assert due(connection, now=now) == ["ahead"]
    note.append("| clock of a machine 400 days ahead | once | read 10 minutes after it last grew | – |")
