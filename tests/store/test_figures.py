"""Figures of a report in its snapshot: merged by many tasks at once, the same again, or for other days."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier

import pytest

from session_insights.aggregates.catalog import find_aggregates, period_type_of
from session_insights.aggregates.refreshing import refresh_figure
from session_insights.errors import SettingsError
from session_insights.records import Figures
from session_insights.store.database import Connection, connect, execute
from session_insights.store.figures import (
    load_figures,
    load_made_at,
    load_narrative,
    load_rows,
    load_window,
    open_snapshot,
    save_figure,
    save_narrative,
    save_report_url,
)
from session_insights.windows import Period, Window
from tests.sql.given import insert_rows

WEEK = Window(date(2026, 11, 15), date(2026, 11, 22))
TEN_DAYS = Window(date(2026, 11, 15), date(2026, 11, 25))


def _snapshots(connection: Connection) -> list[dict[str, object]]:
    return execute(
        connection,
        "select id, period_type, period_start, period_end, metrics, narrative, report_url, created_at "
        "from insights.insights_snapshots order by id",
    )


def test_figures_saved_at_the_same_moment_are_all_kept(connection: Connection, database_url: str) -> None:
    snapshot_id = open_snapshot(connection, "weekly", WEEK)
    names = [f"figure_{number}" for number in range(40)]
    barrier = Barrier(8)

    def save(worker: int) -> None:
        with connect(database_url) as own:
            barrier.wait()
            for name in names[worker::8]:
                save_figure(own, snapshot_id, name, [{"name": name}], [])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(8)))
    figures = load_figures(connection, snapshot_id)
    assert figures.current == {name: [{"name": name}] for name in names}
    assert figures.previous == {name: [] for name in names}


def test_opening_the_same_window_again_keeps_everything(connection: Connection) -> None:
    snapshot_id = open_snapshot(connection, "weekly", WEEK)
    save_figure(connection, snapshot_id, "outcomes", [{"outcome": None, "session_count": 2}], [])
    save_narrative(connection, snapshot_id, {"sections": ["At a glance"]})
    save_report_url(connection, snapshot_id, "file:///reports/week.html")
    before = _snapshots(connection)
    assert open_snapshot(connection, "weekly", WEEK) == snapshot_id
    assert _snapshots(connection) == before
    assert load_figures(connection, snapshot_id).current == {"outcomes": [{"outcome": None, "session_count": 2}]}
    assert load_narrative(connection, snapshot_id) == {"sections": ["At a glance"]}


def test_a_window_with_another_end_starts_empty(connection: Connection) -> None:
    snapshot_id = open_snapshot(connection, "custom", WEEK)
    save_figure(connection, snapshot_id, "outcomes", [], [])
    save_narrative(connection, snapshot_id, {"sections": []})
    save_report_url(connection, snapshot_id, "file:///reports/week.html")
    assert open_snapshot(connection, "custom", TEN_DAYS) == snapshot_id
    [row] = _snapshots(connection)
    assert row["period_end"] == date(2026, 11, 25)
    assert (row["metrics"], row["narrative"], row["report_url"]) == ({}, None, None)


def test_weekly_and_custom_of_one_start_stand_side_by_side(connection: Connection) -> None:
    weekly = open_snapshot(connection, "weekly", WEEK)
    custom = open_snapshot(connection, "custom", TEN_DAYS)
    assert weekly != custom
    assert (load_window(connection, weekly), load_window(connection, custom)) == (WEEK, TEN_DAYS)


def test_a_snapshot_without_text_has_none(connection: Connection) -> None:
    snapshot_id = open_snapshot(connection, "weekly", WEEK)
    assert load_narrative(connection, snapshot_id) is None
    assert load_figures(connection, snapshot_id) == Figures({}, {})


def test_a_snapshot_that_is_gone_is_said_so(connection: Connection) -> None:
    for call in (
        lambda: save_figure(connection, 7, "outcomes", [], []),
        lambda: save_narrative(connection, 7, {}),
        lambda: save_report_url(connection, 7, ""),
        lambda: load_figures(connection, 7),
        lambda: load_narrative(connection, 7),
    ):
        with pytest.raises(SettingsError, match="is gone; run the whole report again"):
            call()


def test_rows_are_ready_for_json(connection: Connection) -> None:
    insert_rows(connection, _two_weeks())
    [day] = load_rows(connection, "attention_by_day", Window(date(2026, 11, 16), date(2026, 11, 17)))
    assert day == {"activity_date": "2026-11-16", "business": "shop", "session_count": 1, "active_minutes": 12.5}
    [summary] = load_rows(connection, "summary", WEEK)
    assert {type(value) for value in summary.values()} <= {int, float, type(None)}
    assert (type(summary["total_tokens"]), type(summary["active_minutes"])) == (int, float)
    [session] = load_rows(connection, "longest_sessions", WEEK)
    assert session["started_at"] == "2026-11-16T15:00:00+00:00"


def test_refreshing_runs_the_window_and_the_one_before(connection: Connection) -> None:
    insert_rows(connection, _two_weeks())
    snapshot_id = open_snapshot(connection, "weekly", WEEK)
    done = refresh_figure(connection, snapshot_id, "attention_by_business", WEEK)
    assert done == {"name": "attention_by_business", "row_count": 1, "previous_row_count": 2}
    figures = load_figures(connection, snapshot_id)
    assert [row["business"] for row in figures.current["attention_by_business"]] == ["shop"]
    assert [row["business"] for row in figures.previous["attention_by_business"]] == ["studio", None]


def test_refreshing_everything_again_changes_nothing(connection: Connection) -> None:
    insert_rows(connection, _two_weeks())
    snapshot_id = open_snapshot(connection, "weekly", WEEK)
    names = [aggregate.name for aggregate in find_aggregates()]
    for name in names:
        refresh_figure(connection, snapshot_id, name, WEEK)
    before = execute(connection, "select metrics::text as text, created_at from insights.insights_snapshots")
    for name in reversed(names):
        refresh_figure(connection, snapshot_id, name, WEEK)
    assert execute(connection, "select metrics::text as text, created_at from insights.insights_snapshots") == before
    figures = load_figures(connection, snapshot_id)
    assert sorted(figures.current) == sorted(figures.previous) == names
    assert figures.current["summary"] == load_rows(connection, "summary", WEEK)


def test_refreshing_for_days_that_were_replaced_fails_and_leaves_the_new_ones(connection: Connection) -> None:
    snapshot_id = open_snapshot(connection, "custom", WEEK)
    open_snapshot(connection, "custom", TEN_DAYS)
    with pytest.raises(SettingsError, match="from 2026-11-15 to 2026-11-21 was replaced by the one to 2026-11-24"):
        refresh_figure(connection, snapshot_id, "outcomes", WEEK)
    assert load_figures(connection, snapshot_id) == Figures({}, {})


@pytest.mark.parametrize(
    ("period", "start", "end", "expected"),
    [
        ("weekly", date(2026, 11, 15), date(2026, 11, 22), "weekly"),
        ("weekly", date(2026, 11, 16), date(2026, 11, 23), "custom"),
        ("weekly", date(2026, 11, 15), date(2026, 11, 23), "custom"),
        ("weekly", date(2026, 11, 1), date(2026, 12, 1), "custom"),
        ("monthly", date(2026, 11, 1), date(2026, 12, 1), "monthly"),
        ("monthly", date(2026, 2, 1), date(2026, 3, 1), "monthly"),
        ("monthly", date(2026, 11, 1), date(2026, 11, 30), "custom"),
        ("monthly", date(2026, 11, 15), date(2026, 11, 22), "custom"),
    ],
)
def test_only_whole_weeks_and_months_are_no_custom_period(
    period: Period, start: date, end: date, expected: str
) -> None:
    assert period_type_of(period, Window(start, end)) == expected


def _two_weeks() -> dict[str, list[dict[str, object]]]:
    return {
        "claude_sessions": [
            {"id": "this", "started_at": "2026-11-16 15:00:00+00:00"},
            {"id": "last"},
            {"id": "unread"},
        ],
        "session_days": [
            {"session_id": "this", "activity_date": date(2026, 11, 16), "active_minutes": 12.5, "cost_usd": 0.1},
            {"session_id": "last", "activity_date": date(2026, 11, 8), "active_minutes": 10 / 3, "cost_usd": 0.2},
            {"session_id": "unread", "activity_date": date(2026, 11, 14), "active_minutes": 1 / 3},
        ],
        "session_facets": [
            {"session_id": "this", "businesses": ["shop"], "friction_counts": {"buggy_code": 1}},
            {"session_id": "last", "businesses": ["studio"], "people_mentioned": ["Amy Chen"]},
        ],
    }


def test_a_report_made_again_keeps_its_moment_until_figures_or_text_change(connection: Connection) -> None:
    def make(count: int, headline: str) -> datetime:
        snapshot_id = open_snapshot(connection, "weekly", WEEK)
        save_figure(connection, snapshot_id, "summary", [{"session_count": count}], [])
        save_narrative(connection, snapshot_id, {"headline": headline})
        return load_made_at(connection, snapshot_id)

    first = make(1, "a")
    assert make(1, "a") == first
    second = make(2, "a")
    assert second > first
    assert make(2, "b") > second
