"""Behind a proxy that serves Airflow below a path: every route, and all that a page leads to, stays below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Match

from session_insights.store.database import Connection, execute
from tests.dashboard.conftest import OpenClient
from tests.dashboard.pages.building import NOON, add_session, said
from tests.dashboard.pages.test_archive import make_report
from tests.dashboard.team import OpenAs

AIRFLOW = "/flow/one"
BASE = f"{AIRFLOW}/insights"
START = (f"{BASE}/", f"{BASE}/?since=2026-11-12&until=2026-11-18", f"{BASE}/nowhere", f"{BASE}/team")
# What no page leads to: for scripts, and the form, which is sent below.
UNLINKED = {"/openapi.json", "/sessions/{session_id:path}/facets"}
ASKED = (
    "/api/sessions",
    "/api/sessions/s1",
    "/api/sessions/facet-stats",
    "/api/figures",
    "/api/snapshots",
    "/api/team",
)


def behind_a_proxy(client: TestClient) -> TestClient:
    """As Airflow mounts it when its `base_url` has a path, which a proxy hands on."""
    airflow = FastAPI(root_path=AIRFLOW)
    airflow.mount("/insights", client.app)
    return TestClient(airflow, headers=client.headers, follow_redirects=False, base_url="https://proxy.example")


@pytest.fixture
def proxied(open_client: OpenClient, database_url: str, connection: Connection) -> TestClient:
    """All kinds of links: evidence, sub-agents, runs to clear, pages of a long transcript, reports, failures."""
    entries = [said(f"word {n}") for n in range(420)]
    add_session(connection, "s1", entries=entries, facet={"outcome": "not_achieved", "evidence": {"outcome": [2, 410]}})
    add_session(connection, "s1/a?#%", parent_session_id="s1", category="subagent", entries=[said("word")])
    add_session(connection, "s2", ended_at=NOON, resumed_from="s1", facet={"friction_counts": {"buggy_code": 1}})
    execute(
        connection,
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_seconds, "
        "dag_run_id, error) select id, 'failed', 'claude', 'm', 1, '', '', 0, 0, 0, 0, 1, 'run', 'why' "
        "from insights.claude_sessions",
    )
    connection.execute(
        "insert into insights.anomalies (metric, window_start, window_end, value, baseline, session_count, explanation)"
        " values ('mcp_failures', '2026-11-17', '2026-11-18', 4, 1, 9, 'up')"
    )
    make_report(connection)
    return behind_a_proxy(open_client(database_url))


def leads_to(answer: Any) -> Iterator[str]:
    """Every address in a page or a stylesheet, as a browser would go there."""
    assert 'http-equiv="refresh"' not in answer.text
    for address in re.findall(r'\s(?:href|src|action|formaction)="([^"]*)"', answer.text):
        # A report in its sandbox has anchors and data alone.
        if not address.startswith("data:"):
            yield urljoin(str(answer.url), unescape(address))
    if "text/css" in answer.headers["content-type"]:
        assert "url(" not in answer.text
        assert "@import" not in answer.text


def test_every_page_leads_to_pages_below_the_base_path_and_each_of_them_answers(proxied: TestClient) -> None:
    to_visit, visited, kinds, airflows = list(START), set(), set(), set()
    while to_visit:
        path = to_visit.pop()
        place = urlsplit(path)
        # Of addresses that differ in a value alone one is enough.
        kind = place.path, tuple(sorted(parse_qs(place.query)))
        if kind in kinds:
            continue
        kinds.add(kind)
        visited.add(path)
        answer = proxied.get(path)
        is_lost = path.endswith("/nowhere")
        assert answer.status_code == (404 if is_lost else 200), f"{path}: {answer.status_code}"
        if not answer.headers["content-type"].startswith(("text/html", "text/css")):
            continue
        for address in leads_to(answer):
            place = urlsplit(address)
            assert place.netloc == "proxy.example", f"{path} leads to {address}"
            assert place.path.startswith(f"{AIRFLOW}/"), f"{path} leads to {address}"
            if not place.path.startswith(f"{BASE}/"):
                airflows.add(place.path)
            elif not place.path.endswith("/facets"):
                to_visit.append(place.path + (f"?{place.query}" if place.query else ""))
    assert airflows == {f"{AIRFLOW}/dags/insights_facet_extraction/runs/run"}
    for path in ASKED:
        assert proxied.get(f"{BASE}{path}").headers["content-type"] == "application/json", path
    visited |= {f"{BASE}{path}" for path in (*ASKED, "/api/snapshots/1")}
    assert unmatched(proxied, visited) == UNLINKED


def unmatched(proxied: TestClient, visited: set[str]) -> set[str]:
    """Routes that none of the addresses is of."""
    [mount] = [route for route in proxied.app.routes if getattr(route, "path", "") == "/insights"]  # type: ignore[attr-defined]
    routes = [route for route in mount.app.routes if isinstance(route, APIRoute)]
    found = set()
    for path in {urlsplit(address).path.removeprefix(BASE) for address in visited}:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        found |= {route.path for route in routes if route.matches(scope)[0] == Match.FULL}
    return {route.path for route in routes} - found


def test_what_is_sent_comes_back_below_the_base_path_and_so_does_its_cookie(proxied: TestClient) -> None:
    page = proxied.get(f"{BASE}/sessions/s1")
    assert f"Path={BASE};" in page.headers["set-cookie"]
    token = re.findall(r'name="token" value="([^"]+)"', page.text)[0]
    [action] = set(re.findall(r'action="([^"]+)"', page.text))
    assert action == f"{BASE}/sessions/s1/facets"
    given = {"facet": "outcome", "token": token, "value": "fully_achieved"}
    headers = {"origin": "https://proxy.example"}
    answer = proxied.post(action, data=given, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BASE}/sessions/s1#f-outcome")
    wrong = proxied.post(action, data=given | {"value": "no such outcome"}, headers=headers)
    assert wrong.status_code == 422
    assert all(urlsplit(address).path.startswith(f"{AIRFLOW}/") for address in leads_to(wrong))


@pytest.mark.parametrize("path", ["/health/", "/reports/", "/team/", "/api/snapshots/"])
def test_a_slash_too_much_is_sent_below_the_base_path(proxied: TestClient, path: str) -> None:
    answer = proxied.get(f"{BASE}{path}")
    assert answer.status_code == 307
    assert urlsplit(answer.headers["location"]).path == f"{BASE}{path.rstrip('/')}"


def test_a_sign_in_comes_back_below_the_base_path(open_client: OpenClient, database_url: str) -> None:
    def refuse() -> None:
        raise HTTPException(401, "Not authenticated")

    client = behind_a_proxy(open_client(database_url, guard=refuse))
    for path in ("/", "/sessions/a%3Fb?from=2", "/team?weeks=4", "/reports/1/page", "/assets/theme.js"):
        assert client.get(f"{BASE}{path}").headers["location"] == f"/auth/login?next={BASE}{path}"


def test_a_page_that_failed_is_tried_again_below_the_base_path(open_client: OpenClient) -> None:
    client = behind_a_proxy(open_client("postgresql://nobody@127.0.0.1:9/insights"))
    for path in ("/", "/sessions?q=a+b", "/sessions/a%3Fb", "/health", "/reports/1", "/team"):
        answer = client.get(f"{BASE}{path}")
        assert answer.status_code == 503
        assert f'href="{BASE}{path}">Try again' in answer.text
        assert all(urlsplit(address).path.startswith(f"{BASE}/") for address in leads_to(answer))


def test_the_description_names_the_base_path(proxied: TestClient) -> None:
    description = proxied.get(f"{BASE}/openapi.json").json()
    assert [server["url"] for server in description["servers"]] == [BASE]


def test_the_teams_page_leads_below_the_base_path(open_as: OpenAs) -> None:
    answer = behind_a_proxy(open_as("ben")).get(f"{BASE}/team?weeks=52")
    assert "<tbody>" in answer.text
    addresses = set(leads_to(answer))
    assert f"https://proxy.example{BASE}/team?weeks=4" in addresses
    assert all(urlsplit(address).path.startswith(f"{BASE}/") for address in addresses)
