"""Sources that stopped, and files that go before they are safe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from session_insights.records import TranscriptFile
from session_insights.transcripts.source_warnings import (
    SourceLook,
    SourceWarning,
    build_source_warnings,
    find_retention_days,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = "/home/alex/.claude/projects"
DAY_NS = 86_400 * 10**9
NOW_NS = int(NOW.timestamp()) * 10**9


def warn(
    *ages: float,
    states: dict[int, str] | None = None,
    unarchived: tuple[int, ...] = (),
    on_disk: bool = True,
    problem: str | None = None,
    retention_days: int = 30,
    stopped_days: int = 3,
) -> list[SourceWarning]:
    """What is said of one source whose files changed so many days ago and were read, unless said otherwise."""
    files = [
        TranscriptFile("laptop", f"{ROOT}/-shop/{n}.jsonl", 9, NOW_NS - int(age * DAY_NS), str(n), None, None)
        for n, age in enumerate(ages)
    ]
    told = {file.path: (states or {}).get(n, "read") for n, file in enumerate(files)}
    ledger = {("laptop", file.path): (9, file.mtime_ns, told[file.path]) for file in files if told[file.path] != "new"}
    look = SourceLook("laptop", ROOT, files if on_disk and not problem else [], problem, retention_days)
    pending = {("laptop", files[n].path) for n in unarchived}
    return build_source_warnings([look], ledger, pending, now=NOW, stopped_days=stopped_days)


def kinds(warnings: list[SourceWarning]) -> list[str]:
    return [warning["kind"] for warning in warnings]


def test_an_active_source_without_anything_new_has_stopped_since_its_last_change() -> None:
    [warning] = warn(4, 5, 6)
    assert (warning["kind"], warning["source"]) == ("source_stopped", f"laptop={ROOT}")
    assert warning["since"] == (NOW - timedelta(days=4)).isoformat()
    assert "for 4 days" in warning["detail"]


def test_a_source_with_something_new_goes_on() -> None:
    assert warn(2.9, 4, 5, 6) == []


def test_how_long_is_a_setting() -> None:
    assert warn(4, 5, 6, stopped_days=5) == []


def test_a_source_that_was_used_on_few_days_may_rest() -> None:
    assert warn(4, 4.1, 5, 40) == []


def test_a_file_that_was_deleted_counts_as_use_and_one_that_is_not_read_yet_as_new() -> None:
    assert kinds(warn(4, 5, 6, states={1: "vanished"})) == ["source_stopped"]
    assert warn(1, 4, 5, 6, states={0: "new"}) == []


def test_a_source_that_cannot_be_listed_says_why_and_nothing_else() -> None:
    [warning] = warn(9, 10, 11, problem="Source /x: Permission denied.")
    assert (warning["kind"], warning["detail"]) == ("source_missing", "Source /x: Permission denied.")
    assert warning["since"] == (NOW - timedelta(days=9)).isoformat()


def test_a_source_that_never_gave_a_file_and_is_missing_has_no_since() -> None:
    assert [warning["since"] for warning in warn(problem="gone")] == [None]


def test_an_empty_source_is_told_when_files_of_it_are_known() -> None:
    [warning] = warn(1, 2, on_disk=False)
    assert (warning["kind"], "and 2 were" in warning["detail"]) == ("source_empty", True)
    assert warn(on_disk=False) == []
    assert warn(1, on_disk=False, states={0: "vanished"}) == []


@pytest.mark.parametrize("state", ["failed", "new"])
def test_a_file_that_was_not_read_is_told_in_its_last_five_days(state: str) -> None:
    assert kinds(warn(0, 25.1, states={1: state})) == ["unread_files_expire"]
    assert warn(0, 24.9, states={1: state}) == []


def test_the_message_names_one_file_or_counts_them_and_says_when_the_first_goes() -> None:
    [one] = warn(0, 27, states={1: "failed"})
    assert f"{ROOT}/-shop/1.jsonl is not read" in one["detail"]
    assert "2026-11-25" in one["detail"]
    [two] = warn(0, 27, 26, states={1: "failed", 2: "failed"})
    assert "2 files are not read" in two["detail"]
    assert two["since"] == (NOW - timedelta(days=2)).isoformat()


def test_a_read_file_that_is_not_archived_is_told_and_an_archived_one_not() -> None:
    [warning] = warn(0, 27, 28, unarchived=(2,))
    assert warning["kind"] == "unarchived_files_expire"
    assert "SESSION_INSIGHTS_ARCHIVE" in warning["detail"]


def test_files_that_are_long_overdue_are_in_a_copy_that_nobody_cleans() -> None:
    assert kinds(warn(0, 34.9, unarchived=(1,))) == ["unarchived_files_expire"]
    assert warn(0, 35.1, unarchived=(1,)) == []


def test_a_longer_retention_gives_more_time() -> None:
    assert warn(0, 27, states={1: "failed"}, retention_days=90) == []


@pytest.mark.parametrize("age", [-40_000, 40_000])
def test_absurd_times_raise_nothing(age: int) -> None:
    assert warn(0, age, states={1: "failed"}, retention_days=36_500) == []


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ('{"cleanupPeriodDays": 7}', 7),
        ('{"cleanupPeriodDays": 1e400}', 30),
        ('{"cleanupPeriodDays": 99999999999999999999}', 36_500),
        ('{"cleanupPeriodDays": 0}', 30),
        ('{"cleanupPeriodDays": true}', 30),
        ('{"cleanupPeriodDays": "7"}', 30),
        ("[]", 30),
        ("{", 30),
        ("\xff", 30),
        (None, 30),
    ],
)
def test_the_retention_stands_in_claude_codes_settings_or_is_30_days(
    tmp_path: Path, text: str | None, days: int
) -> None:
    if text is not None:
        (tmp_path / "settings.json").write_bytes(text.encode("latin-1"))
    assert find_retention_days(tmp_path / "projects") == days
