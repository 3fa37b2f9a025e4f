"""What was spent in the profile's own day and month, and the caps over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from session_insights.errors import BudgetReached
from session_insights.settings import Settings
from session_insights.store.database import Connection, execute
from session_insights.store.facets import save_reading
from session_insights.store.figures import save_narrative_call
from session_insights.store.spending import check_budget, load_spending
from tests.helpers import sample_profile
from tests.store.test_facets import add_session, failure, reading

PROFILE = sample_profile().model_copy(update={"time_zone": "America/New_York"})
# Three in the morning of the 2nd in UTC: still ten in the evening of the 1st in New York.
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
DAY_START = datetime(2026, 11, 1, 4, tzinfo=UTC)
CAPPED = Settings(daily_cap_usd=5, monthly_cap_usd=50)


def spend(connection: Connection, at: datetime, cost_usd: float | None, **columns: object) -> None:
    if not execute(connection, "select 1 from insights.claude_sessions where id = 's'"):
        add_session(connection, "s")
    save_reading(connection, reading("s", reader="claude", cost_usd=cost_usd, **columns), dag_run_id="new")
    execute(
        connection,
        "update insights.facet_extractions set attempted_at = %(at)s, dag_run_id = null where dag_run_id = 'new'",
        at=at,
    )


def test_a_day_and_a_month_begin_at_local_midnight(connection: Connection) -> None:
    spend(connection, DAY_START, 1.0)
    spend(connection, DAY_START - timedelta(seconds=1), 10.0)
    spend(connection, NOW, 0.5)
    spending = load_spending(connection, profile=PROFILE, now=NOW)
    assert (spending.today_usd, spending.month_usd) == (1.5, 1.5)
    later = load_spending(connection, profile=PROFILE, now=NOW + timedelta(hours=3))
    assert (later.today_usd, later.month_usd) == (0, 1.5)


def test_failed_tries_and_texts_of_reports_count_and_the_unpriced_are_told(connection: Connection) -> None:
    spend(connection, NOW, 1.0)
    save_reading(connection, failure("s", reader="cli", cost_usd=0.25))
    execute(connection, "update insights.facet_extractions set attempted_at = %(at)s", at=NOW)
    spend(connection, NOW, None)
    [snapshot] = execute(
        connection,
        "insert into insights.insights_snapshots (period_type, period_start, period_end) "
        "values ('weekly', '2026-11-01', '2026-11-08') returning id",
    )
    for cost_usd in (0.5, 0.5, None):  # written again, paid again
        save_narrative_call(connection, snapshot["id"], model="m", cost_usd=cost_usd)
    execute(connection, "update insights.narrative_calls set written_at = %(at)s", at=NOW)
    spending = load_spending(connection, profile=PROFILE, now=NOW)
    assert (spending.today_usd, spending.month_usd, spending.unpriced_count) == (2.25, 2.25, 2)


def test_nothing_spent_is_zero(connection: Connection) -> None:
    spending = load_spending(connection, profile=PROFILE, now=NOW)
    assert (spending.today_usd, spending.month_usd, spending.unpriced_count) == (0, 0, 0)


def test_what_fits_exactly_passes_and_a_cent_more_is_held_back(connection: Connection) -> None:
    spend(connection, NOW, 4.0)
    check_budget(connection, 1.0, CAPPED, PROFILE, now=NOW)
    with pytest.raises(BudgetReached) as reached:
        check_budget(connection, 1.01, CAPPED, PROFILE, now=NOW)
    assert str(reached.value) == (
        "not sent: the daily cap is $5.00, $4.0000 is spent and this would cost about $1.0100; "
        "raise SESSION_INSIGHTS_DAILY_CAP_USD or wait."
    )


def test_the_month_has_a_cap_of_its_own(connection: Connection) -> None:
    for day in range(10):
        spend(connection, NOW + timedelta(days=day), 4.99)
    tenth = NOW + timedelta(days=10)
    check_budget(connection, 0.1, CAPPED, PROFILE, now=tenth)
    with pytest.raises(BudgetReached, match=r"monthly cap is \$50\.00, \$49\.9000 .* SESSION_INSIGHTS_MONTHLY_CAP_USD"):
        check_budget(connection, 0.2, CAPPED, PROFILE, now=tenth)


def test_without_a_cap_anything_passes_and_a_cap_of_zero_lets_nothing_through(connection: Connection) -> None:
    spend(connection, NOW, 1000.0)
    check_budget(connection, 1000.0, Settings(daily_cap_usd=None, monthly_cap_usd=None), PROFILE, now=NOW)
    with pytest.raises(BudgetReached):
        check_budget(connection, 0.001, Settings(daily_cap_usd=0), PROFILE, now=NOW + timedelta(days=90))


def test_a_model_without_a_price_is_held_back_only_by_what_others_spent(connection: Connection) -> None:
    check_budget(connection, None, CAPPED, PROFILE, now=NOW)
    spend(connection, NOW, 5.01)
    with pytest.raises(BudgetReached):
        check_budget(connection, None, CAPPED, PROFILE, now=NOW)


@pytest.mark.parametrize("value", ["", "7.5", "0"])
def test_a_cap_is_read_from_the_environment_and_empty_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_DAILY_CAP_USD", value)
    assert Settings().daily_cap_usd == (float(value) if value else None)
