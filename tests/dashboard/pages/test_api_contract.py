"""The JSON API keeps what its description promises, and no page fails, whatever they are asked."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from session_insights.store.database import Connection
from tests.dashboard.conftest import OpenClient
from tests.dashboard.pages.building import add_session, said
from tests.dashboard.pages.test_archive import make_report

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# Days that are dates may still be too many, or end before they begin: no schema says so.
NOT_ASKED = [positive_data_acceptance]
limits = settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def operations(open_client: OpenClient, database_url: str, connection: Connection) -> list[Any]:
    """What the whole app describes, on a database with a session, its sub-agent and a report."""
    add_session(connection, "s1", entries=[said("Fix the tour page")], facet={"outcome": "fully_achieved"})
    add_session(connection, "s1/a1", parent_session_id="s1", category="subagent", project=None)
    make_report(connection)
    description = schemathesis.openapi.from_asgi("/openapi.json", open_client(database_url).app)
    return [found.ok() for found in description.get_all_operations()]


@pytest.mark.parametrize("mode", MODES, ids=["fitting", "wrong"])
def test_every_answer_of_the_api_is_as_described(operations: list[Any], mode: GenerationMode) -> None:
    asked = [operation for operation in operations if operation.path.startswith("/api/")]
    assert len(asked) == 7
    for operation in asked:
        if mode is GenerationMode.NEGATIVE and operation.path == "/api/sessions/{session_id}":
            continue  # any text may be an id

        @limits
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(excluded_checks=NOT_ASKED)

        ask()


def test_no_page_fails_whatever_its_address_says(operations: list[Any]) -> None:
    asked = [operation for operation in operations if not operation.path.startswith("/api/")]
    assert len(asked) >= 8
    for operation in asked:

        @limits
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers={"accept": "text/html"})
            assert answer.status_code < 500, answer.text

        ask()
