"""The same figures once more in plain Python, on random rows: SQL and Python must agree on every one."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from session_insights.store.database import Connection
from session_insights.store.figures import load_rows
from session_insights.store.queries import names_in
from session_insights.windows import Window, month_of
from tests.sql.given import insert_rows
from tests.sql.history import FIRST_DAY, Row, histories, tables_of
from tests.sql.recount import COUNTED
from tests.sql.recount_calls import CALLED
from tests.sql.recount_lines import LISTED

RECOUNTS = {**COUNTED, **LISTED, **CALLED}
WINDOWS = {
    "a week": Window(date(2026, 11, 15), date(2026, 11, 22)),
    "the week in which clocks go back": Window(date(2026, 11, 1), date(2026, 11, 8)),
    "a month": month_of(date(2026, 10, 1)),
    "ten days": Window(date(2026, 11, 3), date(2026, 11, 13)),
    "the first week, without a past": Window(FIRST_DAY, date(2026, 10, 2)),
    "a week before everything": Window(date(2026, 9, 1), date(2026, 9, 8)),
}


@given(history=histories)
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking a history takes minutes and says little more
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_python_counts_the_same_from_the_same_rows(history: list[Row], case_connection: Connection) -> None:
    with case_connection.transaction(force_rollback=True):
        insert_rows(case_connection, tables_of(history))
        for (when, window), (name, recount) in itertools.product(WINDOWS.items(), RECOUNTS.items()):
            rows = load_rows(case_connection, name, window)
            assert rows == _approximately(recount(history, window)), f"{name}, {when}"


def test_every_aggregate_is_counted_again() -> None:
    assert sorted(RECOUNTS) == names_in("aggregates")


def _approximately(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _approximately(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_approximately(item) for item in value]
    return pytest.approx(value, abs=1e-9) if isinstance(value, float) else value
