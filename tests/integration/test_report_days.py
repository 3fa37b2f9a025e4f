"""Which days the first report is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from local.report_days import choose_report_days, describe_month, find_earlier_windows
from session_insights.store.database import Connection
from session_insights.windows import Window
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import sync_folder

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # a Wednesday; the last full week is 15 to 21 November


@pytest.mark.parametrize(
    ("day", "days"),
    [
        (18, {}),
        (24, {"since": "2026-11-18", "until": "2026-11-24"}),
        (3, {"since": "2026-10-28", "until": "2026-11-03"}),
    ],
)
def test_it_is_the_last_full_week_unless_you_spoke_in_none_of_it(
    connection: Connection, database_url: str, tmp_path: Path, day: int, days: dict[str, str]
) -> None:
    start = datetime(2026, 11, day, 15, 0, tzinfo=UTC)
    write_transcript(tmp_path, transcript(user("a"), assistant(), user("b"), assistant(), start=start))
    sync_folder(connection, tmp_path)
    assert choose_report_days(database_url, now=NOW) == days


def test_without_any_session_the_dag_decides(connection: Connection, database_url: str) -> None:
    assert choose_report_days(database_url, now=NOW) == {}


def test_the_last_months_report_is_named_before_it_is_there(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    page = tmp_path / "monthly-2026-10-01.html"
    waiting = f"{page}, in a minute: insights_monthly_deep_dive is making it"
    assert describe_month(database_url, tmp_path, now=NOW) == waiting
    page.write_text("x")
    assert describe_month(database_url, tmp_path, now=NOW) == str(page)


def test_the_reports_before_the_newest_ones_are_those_with_sessions(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    assert find_earlier_windows(database_url, now=NOW) == {}
    start = datetime(2026, 9, 10, 15, 0, tzinfo=UTC)
    write_transcript(tmp_path, transcript(user("a"), assistant(), user("b"), assistant(), start=start))
    sync_folder(connection, tmp_path)
    september = Window(date(2026, 9, 1), date(2026, 10, 1))
    assert find_earlier_windows(database_url, now=NOW) == {"monthly": september}
