"""The plugin in Airflow's own API server: in the navigation, behind Airflow's own rights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.databases import as_connection_json
from tests.dashboard.given import insert_sessions, session_rows

ROOT = Path(__file__).parent.parent.parent

# In a process of its own: Airflow reads its configuration once, when it is imported.
ASK = """
import json, sys
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
import session_insights_plugin

def answer(client, method, path, **headers):
    got = client.request(method, "/insights" + path, headers=headers, follow_redirects=False)
    return {"path": path, "method": method, "status": got.status_code, "location": got.headers.get("location"),
            "text": got.text[:200000]}

with TestClient(create_app("core"), base_url="http://testserver") as client:
    from session_insights.bridge.dashboard import app
    routes = [(method, route.path.replace("{name}", "dashboard.css").replace("{session_id:path}", "s1")
               .replace("{session_id}", "s1").replace("{snapshot_id}", "1"))
              for route in app.routes for method in route.methods]
    def token(role):
        return "Bearer " + get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="kim", role=role))
    viewer = token("VIEWER")
    told = {
        "are_all_routes": all(isinstance(route, APIRoute) for route in app.routes),
        "anonymous": [answer(client, method, path, accept="*/*") for method, path in routes],
        "browser": answer(client, "GET", "/?days=30", accept="text/html"),
        "wrong": answer(client, "GET", "/", authorization="Bearer nonsense"),
        "roleless": answer(client, "GET", "/", authorization=token(None)),
        "viewer": [answer(client, method, path, accept="text/html", authorization=viewer)
                   for method, path in routes if method == "GET"],
        "viewer_posts": answer(client, "POST", "/", authorization=viewer),
        "plugins": client.get("/api/v2/plugins", headers={"authorization": token("ADMIN")}).json(),
        "import_errors": client.get("/api/v2/plugins/importErrors", headers={"authorization": token("ADMIN")}).json(),
    }
sys.stdout.write("ANSWER" + json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, cluster: Any, template_database: str) -> dict[str, Any]:
    import psycopg

    from session_insights.store.database import connect

    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database insights_dashboard template {template_database}".encode())
    url = cluster.url("insights_dashboard")
    with connect(url) as connection:
        insert_sessions(connection, session_rows(8))
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "plugins"),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-this-test-that-is-long-enough-for-hs512-0123456789abcdef",
        "AIRFLOW_CONN_SESSION_INSIGHTS_DB": as_connection_json(url),
    }
    for command in (["-m", "airflow", "db", "migrate"], ["-c", ASK]):
        done = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=240, cwd=home
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    answer: dict[str, Any] = json.loads(done.stdout.rpartition("ANSWER")[2])
    return answer


def test_no_route_answers_nobody(told: dict[str, Any]) -> None:
    assert told["are_all_routes"]
    assert len(told["anonymous"]) >= 3
    for answer in told["anonymous"]:
        assert answer["status"] == 401, answer
        assert "Fix the tour page" not in answer["text"]


def test_a_browser_without_a_session_is_sent_to_airflows_login(told: dict[str, Any]) -> None:
    assert told["browser"]["status"] == 307
    assert "/auth/login" in told["browser"]["location"]
    assert "insights" in told["browser"]["location"]


def test_a_wrong_token_or_a_user_without_a_role_gets_nothing(told: dict[str, Any]) -> None:
    assert told["wrong"]["status"] in (401, 403)
    assert told["roleless"]["status"] == 403


def test_a_viewer_sees_every_page_and_changes_nothing(told: dict[str, Any]) -> None:
    # Everything but the report that nobody has made.
    of_a_report = ("/reports/1", "/reports/1/page", "/api/snapshots/1")
    pages = [answer for answer in told["viewer"] if answer["path"] not in of_a_report]
    assert len(pages) == len(told["viewer"]) - len(of_a_report)
    for answer in pages:
        assert answer["status"] == 200, answer
    [overview] = [answer for answer in told["viewer"] if answer["path"] == "/"]
    assert 'href="/insights/assets/dashboard.css' in overview["text"]
    assert told["viewer_posts"]["status"] in (403, 405)


def test_the_page_is_in_the_navigation_and_the_plugin_loads_without_error(told: dict[str, Any]) -> None:
    [plugin] = [plugin for plugin in told["plugins"]["plugins"] if plugin["name"] == "session_insights"]
    [view] = plugin["external_views"]
    assert (view["name"], view["href"], view["destination"]) == ("Insights", "insights/", "nav")
    assert told["import_errors"]["import_errors"] == []


def test_the_plugin_costs_a_task_next_to_nothing() -> None:
    code = "import sys, airflow.plugins_manager; before = set(sys.modules); import session_insights_plugin; " + (
        "print(sorted(name for name in set(sys.modules) - before if name.startswith(('session_insights.', 'fastapi'))))"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "plugins"), "AIRFLOW_HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr[-2000:]
