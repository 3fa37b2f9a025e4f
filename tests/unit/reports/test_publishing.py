"""A page in the folder of reports."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from session_insights.reports.publishing import publish_report
from session_insights.windows import Window

WEEK = Window(date(2026, 11, 15), date(2026, 11, 22))


def test_a_report_is_named_by_its_period_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = publish_report("<p>é</p>", reports_dir=tmp_path / "new", period_type="weekly", window=WEEK)
    assert path == tmp_path / "new" / "weekly-2026-11-15.html"
    assert path.read_bytes() == "<p>é</p>".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_chosen_days_are_named_by_both_ends(tmp_path: Path) -> None:
    path = publish_report("x", reports_dir=tmp_path, period_type="custom", window=WEEK)
    assert path.name == "custom-2026-11-15-to-2026-11-21.html"


def test_publishing_again_replaces_the_page_and_leaves_nothing_else(tmp_path: Path) -> None:
    for page in ("old", "new"):
        path = publish_report(page, reports_dir=tmp_path, period_type="weekly", window=WEEK)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "new"


def test_a_write_that_fails_leaves_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = publish_report("old", reports_dir=tmp_path, period_type="weekly", window=WEEK)

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        publish_report("new", reports_dir=tmp_path, period_type="weekly", window=WEEK)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
