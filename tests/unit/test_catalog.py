"""Which aggregates belong to which report."""

from __future__ import annotations

import pytest

from session_insights.aggregates import catalog
from session_insights.errors import SettingsError


def test_an_aggregate_of_a_month_is_in_no_weekly_report() -> None:
    weekly, monthly = ({one.name for one in catalog.find_aggregates(period)} for period in ("weekly", "monthly"))
    assert monthly - weekly == {"summary_by_month", "return_by_business", "value_by_skill", "people_by_calendar_week"}
    assert not weekly - monthly


def test_a_period_that_there_is_not_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "load_sql", lambda name: f"-- {name.partition('/')[2]}: x.\n-- Period: yearly\n")
    with pytest.raises(SettingsError, match=r"attention_by_business.sql: 'Period: yearly' must be one of weekly, mont"):
        catalog.find_aggregates()
