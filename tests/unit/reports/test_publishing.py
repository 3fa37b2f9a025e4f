"""A page in the folder of reports."""

from __future__ import annotations

import os
import stat
import time
from datetime import date
from pathlib import Path

import pytest

from session_insights.errors import SettingsError
from session_insights.reports.publishing import choose_formats, delete_pages, name_report, publish_page
from session_insights.windows import Window

WEEK = Window(date(2026, 11, 15), date(2026, 11, 22))


def test_a_report_is_named_by_its_period_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = publish_page("<p>é</p>", f"{name_report('weekly', WEEK)}.html", reports_dir=tmp_path / "new")
    assert path == tmp_path / "new" / "weekly-2026-11-15.html"
    assert path.read_bytes() == "<p>é</p>".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_chosen_days_are_named_by_both_ends() -> None:
    assert name_report("custom", WEEK) == "custom-2026-11-15-to-2026-11-21"


def test_html_comes_first_and_both_are_made_where_nothing_was_chosen() -> None:
    assert choose_formats(None) == choose_formats(["markdown", "html", "html"]) == ["html", "markdown"]
    assert choose_formats(["markdown"]) == ["markdown"]


@pytest.mark.parametrize(("wanted", "said"), [([], "No format is chosen"), (["html", "pdf"], "'pdf' is no format")])
def test_a_format_that_there_is_not_is_named(wanted: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=f"{said}.*: formats are html and markdown"):
        choose_formats(wanted)


def test_every_format_of_a_report_is_deleted_and_no_other_report(tmp_path: Path) -> None:
    for name in ("weekly-2026-11-15.html", "weekly-2026-11-15.md", "weekly-2026-11-08.md"):
        publish_page("x", name, reports_dir=tmp_path)
    delete_pages(tmp_path, "weekly", WEEK)
    assert [path.name for path in tmp_path.iterdir()] == ["weekly-2026-11-08.md"]


def test_what_a_killed_writer_left_goes_with_the_report_and_with_the_next_one_an_hour_later(tmp_path: Path) -> None:
    old, new = (tmp_path / f".weekly-2026-11-15-{name}.tmp" for name in ("old", "new"))
    for half in (old, new):
        half.write_text("half a page")
    os.utime(old, (time.time() - 3700,) * 2)
    page = publish_page("x", "weekly-2026-11-15.html", reports_dir=tmp_path)
    assert set(tmp_path.iterdir()) == {page, new}  # whoever writes that one may be at it
    delete_pages(tmp_path, "weekly", WEEK)
    assert list(tmp_path.iterdir()) == []


def test_publishing_again_replaces_the_page_and_leaves_nothing_else(tmp_path: Path) -> None:
    for page in ("old", "new"):
        path = publish_page(page, "weekly-2026-11-15.html", reports_dir=tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "new"


def test_a_write_that_fails_leaves_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = publish_page("old", "weekly-2026-11-15.html", reports_dir=tmp_path)

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        publish_page("new", "weekly-2026-11-15.html", reports_dir=tmp_path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
