"""Three months of reports on Postgres: what one month aims at, the next one measures."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.stages import reporting
from session_insights.store.database import Connection
from session_insights.store.figures import load_narrative
from session_insights.windows import Window, month_of
from tests.golden.loading import load_case
from tests.sql.given import Tables, insert_rows

PROFILE = load_case("monthly").profile
FIRST = date(2026, 8, 1)


def history() -> Tables:
    """A session a day from August to October; the studio gets a third, and loops fall from 3 in 10 sessions to none."""
    tables: Tables = {"claude_sessions": [], "session_days": [], "session_facets": []}
    for n in range((date(2026, 11, 1) - FIRST).days):
        day, session_id = FIRST + timedelta(days=n), f"session-{n:03d}"
        tables["claude_sessions"].append({"id": session_id, "title": f"Work of {day}", "skills_used": ["compose"]})
        tables["session_days"].append({"session_id": session_id, "activity_date": day, "cost_usd": 0.5})
        facet: dict[str, Any] = {"session_id": session_id, "outcome": "fully_achieved", "course_corrections": 0}
        is_studio = n % 3 == 0
        facet |= {"businesses": ["studio" if is_studio else "shop"], "estimated_time_saved_minutes": 10}
        facet |= {"priority_matched": "grow-the-studio" if is_studio else None, "people_mentioned": ["Mei Lin"]}
        facet |= {"retry_loops": 1 if day.month < 10 and n % 4 == 0 else 0, "outreach_type": "reactive"}
        tables["session_facets"].append(facet)
    return tables


def report(connection: Connection, window: Window, out: Path, profile: Profile = PROFILE) -> tuple[dict[str, Any], str]:
    settings = Settings(reports_dir=out)
    snapshot = reporting.open_snapshot(connection, "monthly", window)
    for name in reporting.aggregate_names("monthly"):
        reporting.refresh_figure(connection, snapshot, name)
    reporting.write_narrative(
        connection, snapshot, {"reader": "offline"}, settings=settings, profile=profile, claude=None
    )
    published = reporting.publish_report(connection, snapshot, settings=settings, profile=profile)
    narrative = load_narrative(connection, snapshot["snapshot_id"])
    assert narrative is not None
    return narrative, Path(published["path"]).read_text(encoding="utf-8")


def test_a_month_sets_targets_and_the_next_one_says_how_they_went(connection: Connection, tmp_path: Path) -> None:
    insert_rows(connection, history())
    months = [month_of(date(2026, month, 1)) for month in (8, 9, 10)]
    august, page = report(connection, months[0], tmp_path)
    assert "First report. There is no month to compare with yet; deltas start on 1 October." in page
    assert august["outcomes"] == []
    assert [one["metric"] for one in august["targets"]] == ["priority_share", "loops_per_ten"]
    september, _ = report(connection, months[1], tmp_path)
    assert [one["verdict"] for one in september["outcomes"]] == ["missed", "missed"]
    october, page = report(connection, months[2], tmp_path)
    assert [(one["title"], one["verdict"], one["now"]) for one in october["outcomes"]] == [
        (september["targets"][0]["title"], "missed", "0%"),
        (september["targets"][1]["title"], "met", "0.0"),
    ]
    assert "October’s targets: one met, one missed" in page
    assert (tmp_path / "monthly-2026-10-01.html").exists()


def test_the_same_month_again_is_the_same_to_the_byte(connection: Connection, tmp_path: Path) -> None:
    insert_rows(connection, history())
    window = month_of(date(2026, 10, 1))
    assert report(connection, window, tmp_path) == report(connection, window, tmp_path)


def test_days_that_are_no_month_are_told_as_days_and_say_what_they_are_compared_with(
    connection: Connection, tmp_path: Path
) -> None:
    insert_rows(connection, history())
    narrative, page = report(connection, Window(date(2026, 10, 5), date(2026, 10, 25)), tmp_path)
    assert (narrative["months"], narrative["targets"]) == (None, [])
    assert "none is this period. Differences: against 15 September to 4 October." in page
    assert 'id="months"' not in page
    first, page = report(connection, Window(FIRST, date(2026, 8, 21)), tmp_path)
    assert "There is no period to compare with yet" in page
    assert first["months"] is None
