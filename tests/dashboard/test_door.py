"""Who gets in, what a browser may do, and what is said when something is down."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from local.postgres import Cluster
from session_insights.dashboard.database import Pool
from session_insights.dashboard.desk import same_address
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import Connection
from session_insights.store.migrations import migrate
from tests.dashboard.conftest import OpenClient
from tests.dashboard.given import insert_sessions, session_rows

DEAD = "postgresql://nobody@127.0.0.1:9/insights"


def _refuse() -> None:
    raise HTTPException(401, "Not authenticated")


_PLACES = {"name": "dashboard.css", "session_id": "s1", "snapshot_id": "1"}


def test_nobody_gets_past_the_guard_on_any_route(open_client: OpenClient, database_url: str) -> None:
    client = open_client(database_url, guard=_refuse)
    routes = [route for route in client.app.routes if isinstance(route, APIRoute)]  # type: ignore[attr-defined]
    assert len(routes) == len(client.app.routes) >= 3  # type: ignore[attr-defined]
    for route in routes:
        for method in route.methods:
            path = re.sub(r"\{(\w+)(:path)?\}", lambda found: _PLACES[found[1]], route.path)
            answer = client.request(method, path, headers={"accept": "*/*"})
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.json() == {"detail": "Not authenticated"}


def test_a_browser_is_sent_to_sign_in_and_back(open_client: OpenClient, database_url: str) -> None:
    client = open_client(database_url, guard=_refuse, follow_redirects=False)
    answer = client.get("/?days=30")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/auth/login?next=/?days=30"


def test_every_answer_has_the_policy(client: TestClient) -> None:
    for path in ("/", "/assets/theme.js", "/openapi.json", "/?days=8", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert headers["x-content-type-options"] == "nosniff"


def test_a_page_asks_for_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/").text
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    for name in ("dashboard.css", "theme.js"):
        asset = client.get(f"/assets/{name}")
        assert asset.status_code == 200
        assert "http" not in asset.text
        assert "immutable" in asset.headers["cache-control"]


def test_another_site_cannot_post(client: TestClient) -> None:
    for headers in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert client.post("/", headers=headers).status_code in (403, 405)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_dead_database_gives_a_clear_page(open_client: OpenClient, accept: str) -> None:
    client = open_client(DEAD)
    answer = client.get("/", headers={"accept": accept})
    assert answer.status_code == 503
    assert "The database of Session Insights does not answer" in answer.text
    assert "Traceback" not in answer.text
    assert "127.0.0.1" not in answer.text
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("address", "again"),
    [
        ("/", "/"),
        ("/health?x=1", "/health?x=1"),
        ("/sessions/a%3Fb/c%23d?from=3&q=%22%3E", "/sessions/a%3Fb/c%23d?from=3&amp;q=%22%3E"),
        ("/sessions/%5C%5Cevil.example?<b>'", "/sessions/%5C%5Cevil.example?%3Cb%3E&#39;"),
    ],
)
def test_a_page_that_fails_for_now_can_be_tried_again_at_its_own_address(
    open_client: OpenClient, address: str, again: str
) -> None:
    page = open_client(DEAD).get(address).text
    assert re.findall(r'<a class="act" href="([^"]*)">Try again', page) == [again]
    assert 'aria-label="Insights"' in page  # the frame of every page


@pytest.mark.parametrize(
    "path", ["//evil.example/a", "/\\evil.example/a", "///evil.example/a", "/insights//evil.example/a"]
)
@pytest.mark.parametrize("base", ["", "/insights"])
def test_an_address_of_ours_never_leads_to_another_server(path: str, base: str) -> None:
    scope = {"type": "http", "path": path, "root_path": base, "query_string": b"a=//b", "headers": []}
    address = same_address(Request(scope))
    assert urlsplit(address).netloc == ""
    assert address.startswith(f"{base}/")
    assert not re.match(r"/[/\\]", address)


def test_what_is_sent_to_a_dead_database_is_not_sent_again_by_a_link(open_client: OpenClient) -> None:
    answer = open_client(DEAD).post(
        "/sessions/s1/facets", data={"facet": "outcome"}, headers={"origin": "http://testserver"}
    )
    assert answer.status_code == 503
    assert "Try again" not in answer.text
    assert "Look whether what you sent was kept" in answer.text


@pytest.mark.parametrize("path", ["sessions", "sessions/s1", "sessions/facet-stats", "figures", "snapshots", "team"])
def test_the_api_says_it_as_described_to_a_browser_too(open_client: OpenClient, path: str) -> None:
    answer = open_client(DEAD).get(f"/api/{path}")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["detail"].startswith("The database of Session Insights does not answer.")


def test_what_somebody_says_of_a_failure_is_shown_on_its_page(client: TestClient) -> None:
    for path, words in (
        ("/sessions/s1", "There is no such session: it was never synced, or somebody had it deleted."),
        ("/reports/1", "There is no such report, or it has no text yet: run its DAG for these days."),
        ("/nowhere", "There is no such page: the address is wrong, or what it led to was purged."),
        ("/assets/nothing.css", "There is no such page: the address is wrong, or what it led to was purged."),
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert f"<p>{words}</p>" in answer.text
    assert client.get("/api/sessions/s1").json()["detail"].startswith("There is no such session: it was never synced")
    answer = client.post("/sessions/s1/facets", data={"facet": "outcome"}, headers={"origin": "http://testserver"})
    assert answer.status_code == 403
    assert "This form is too old or from another browser; open the page again." in answer.text


def test_a_dead_database_is_not_asked_again_at_once(open_client: OpenClient) -> None:
    client = open_client("postgresql://nobody@192.0.2.1/insights")  # an address that never answers
    client.get("/")
    started = time.monotonic()
    assert client.get("/").status_code == 503
    assert time.monotonic() - started < 1


def test_a_database_without_tables_names_the_remedy(open_client: OpenClient, cluster: Cluster) -> None:
    answer = open_client(cluster.url("postgres")).get("/")
    assert answer.status_code == 503
    assert "Run the DAG insights_setup" in answer.text


def test_a_slow_database_gives_a_clear_page(
    open_client: OpenClient, database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_insights.dashboard.database.LONGEST_STATEMENT_SECONDS", 1)
    with connection.transaction():
        connection.execute("lock table insights.day_facts in access exclusive mode")
        answer = open_client(database_url).get("/")
    assert answer.status_code == 503
    assert "worked on this for 8 seconds and was stopped" in answer.text
    assert ">Try again</a>" in answer.text


def test_pages_cannot_write(database_url: str) -> None:
    pool = Pool(lambda: database_url)
    with pool.lend() as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("delete from insights.claude_sessions")
    pool.close()


def test_a_restarted_server_is_found_again(open_client: OpenClient, database_url: str, connection: Connection) -> None:
    client = open_client(database_url)
    assert client.get("/").status_code == 200
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert client.get("/").status_code == 200


def test_the_pool_opens_no_more_than_its_size(database_url: str) -> None:
    pool = Pool(lambda: database_url, size=2)

    def use(_: int) -> int:
        with pool.lend() as connection:
            [row] = connection.execute("select pg_backend_pid() as pid, pg_sleep(0.05)").fetchall()
            return int(row["pid"])

    with ThreadPoolExecutor(8) as crowd:
        pids = set(crowd.map(use, range(16)))
    pool.close()
    assert len(pids) == 2


def test_a_spare_connection_is_lent_where_nobody_waits_for_it_and_one_can_be_opened(database_url: str) -> None:
    urls = [database_url]
    pool = Pool(lambda: urls[-1], size=2)
    with pool.lend():
        with pool.lend_spare() as spare, pool.lend_spare() as third:
            assert spare is not None
            assert third is None
        spare.close()
        urls.append(database_url + "_that_is_not_there")
        with pool.lend_spare() as none:
            assert none is None
    pool.close()


def test_a_role_that_may_only_read_is_enough(
    open_client: OpenClient, database_url: str, connection: Connection
) -> None:
    insert_sessions(connection, session_rows(4))
    role, password = "session_insights_reader", "read-only"
    connection.execute(f"create role {role} login password '{password}'".encode())
    try:
        migrate(connection, find_include_dir(Settings()) / "sql" / "migrations")
        host = urlsplit(database_url).netloc.rpartition("@")[2]
        client = open_client(f"postgresql://{role}:{password}@{host}{urlsplit(database_url).path}")
        assert client.get("/?since=2026-11-15&until=2026-11-21").status_code == 200
    finally:
        connection.execute(f"drop owned by {role}".encode())
        connection.execute(f"drop role {role}".encode())
