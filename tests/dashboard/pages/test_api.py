"""The JSON API: whole, bounded, and clear about what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from session_insights.store.database import Connection
from tests.dashboard.pages.building import NOON, add_session, said
from tests.dashboard.pages.test_archive import make_report

WEEK = "since=2026-11-15&until=2026-11-21"


def get(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_sessions_come_page_by_page_with_the_pages_filters(client: TestClient, connection: Connection) -> None:
    for number in range(5):
        add_session(connection, f"s{number}", facet={"businesses": ["shop"]} if number else None)
    found, query = [], "sessions?business=shop&limit=3"
    while query:
        page = get(client, query)
        found += [line["session_id"] for line in page["sessions"]]
        assert page["total_count"] == 4
        query = f"sessions?business=shop&limit=3&after={page['next']}" if page["next"] else ""
    assert found == ["s4", "s3", "s2", "s1"]


def test_a_session_comes_with_its_facet_and_null_is_unknown(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", entries=[said("Go")], facet={"outcome": "not_achieved", "evidence": {"outcome": [1]}})
    session = get(client, "sessions/s")
    assert session["facet"]["values"]["outcome"] == "not_achieved"
    assert session["facet"]["values"]["evidence"] == {"outcome": [1]}
    assert session["facet"]["values"]["decisions_made"] is None
    assert session["facet"]["is_current"] is True
    add_session(connection, "s/agent-1", parent_session_id="s", category="subagent")
    assert get(client, "sessions/s/agent-1")["parent_session_id"] == "s"


def test_a_session_says_when_its_old_text_was_deleted(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", entries=[said("Go")])
    assert get(client, "sessions/s")["entries_deleted_at"] is None
    connection.execute(
        "update insights.claude_sessions set entries_deleted_at = '2026-11-20 12:00+00', entries_deleted_until = now()"
    )
    assert get(client, "sessions/s")["entries_deleted_at"] == "2026-11-20T12:00:00Z"
    described = client.get("/openapi.json").json()["components"]["schemas"]["Session"]["properties"]
    assert "text of its old entries was deleted" in described["entries_deleted_at"]["description"]


def test_facet_stats_count_sessions_of_the_window_alone(client: TestClient, connection: Connection) -> None:
    facet = {"outcome": "not_achieved", "people_mentioned": ["Ines", "Ines"], "friction_counts": {"buggy_code": 2}}
    add_session(connection, "a", ended_at=NOON, facet=facet)
    add_session(connection, "b", ended_at=NOON.replace(month=10), facet=facet)
    values = get(client, f"sessions/facet-stats?{WEEK}")["values"]
    assert {"facet": "outcome", "value": "not_achieved", "session_count": 1} in values
    assert {"facet": "people_mentioned", "value": "Ines", "session_count": 1} in values
    assert {"facet": "friction_counts", "value": "buggy_code", "session_count": 1} in values
    assert {"facet": "workflow_type", "value": None, "session_count": 1} in values


def test_figures_are_those_of_the_report(client: TestClient, connection: Connection) -> None:
    add_session(connection, "a", ended_at=NOON, facet={"outcome": "fully_achieved"})
    snapshot = get(client, f"snapshots/{make_report(connection)}")
    figures = get(client, f"figures?{WEEK}")["figures"]
    assert figures["summary"] == snapshot["figures"]["summary"]["current"]
    assert list(get(client, f"figures?{WEEK}&name=summary")["figures"]) == ["summary"]


def test_snapshots_come_newest_first(client: TestClient, connection: Connection) -> None:
    snapshot_id = make_report(connection)
    page = get(client, "snapshots?limit=1")
    assert [(item["snapshot_id"], item["since"], item["until"]) for item in page["snapshots"]] == [
        (snapshot_id, "2026-11-15", "2026-11-21")
    ]
    assert page["next"] is None


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("sessions?since=soon", 422, "is not a date; write it as 2026-11-15"),
        ("sessions?limit=101", 422, "less than or equal to 100"),
        ("sessions?limit=", 422, "limit"),
        ("sessions?sort=", 422, "sort"),
        ("sessions?nonsense=1", 422, "nonsense"),
        ("sessions?after=x", 422, "not a place in a list"),
        ("sessions?project=shop&workflow=a&workflow=b", 422, "workflow: given more than once."),
        ("team?weeks=1&weeks=2", 422, "weeks: given more than once."),
        ("figures?name=summary&name=summary&until=2026-11-01&until=2026-11-02", 422, "until: given more than once."),
        ("figures?since=2026-13-01", 422, "since: '2026-13-01' is not a date"),
        ("figures?since=2026-11-02&until=2026-11-01", 422, "holds no day"),
        ("figures?since=2020-01-01&until=2026-01-01", 422, "at most 366 days"),
        ("figures?name=nothing", 422, "no such figure: nothing"),
        ("figures?until=9999-12-31", 422, ""),
        ("figures?until=0001-01-01", 422, ""),
        ("sessions/facet-stats?until=x", 422, "until: 'x' is not a date"),
        ("snapshots?after=x", 422, "not a place"),
        ("snapshots?limit=0", 422, "greater than or equal to 1"),
        ("snapshots/7", 404, "no such report"),
        ("sessions/nobody", 404, "no such session"),
        ("sessions/%00", 404, "no such session"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(
    client: TestClient, path: str, status: int, words: str
) -> None:
    answer = client.get(f"/api/{path}")
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_every_answer_of_the_api_is_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    described = {path: operations["get"] for path, operations in paths.items() if path.startswith("/api/")}
    assert set(described) == {
        "/api/sessions",
        "/api/sessions/{session_id}",
        "/api/sessions/facet-stats",
        "/api/figures",
        "/api/snapshots",
        "/api/snapshots/{snapshot_id}",
        "/api/team",
    }
    for operation in described.values():
        assert operation["summary"]
        assert {"200", "401", "403", "422"} <= set(operation["responses"])
        assert "schema" in operation["responses"]["200"]["content"]["application/json"]
