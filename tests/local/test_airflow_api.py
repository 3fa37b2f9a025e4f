"""What is asked of Airflow: signed in, page by page, errors in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from local.airflow_api import AirflowApi
from local.state import LocalError

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, *, password: str = "pw") -> AirflowApi:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            right = json.loads(request.content) == {"username": "admin", "password": "pw"}
            return httpx.Response(201 if right else 401, json={"access_token": "t"})
        if request.url.path != "/api/v2/monitor/health":
            assert request.headers["Authorization"] == "Bearer t"
        return answer(request)

    return AirflowApi("http://127.0.0.1:8080", "admin", password, transport=httpx.MockTransport(handle))


def test_every_page_of_a_long_list_is_fetched() -> None:
    rows = [{"task_id": "extract_facets", "map_index": number} for number in range(230)]

    def answer(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        page = rows[offset : offset + min(limit, 100)]
        return httpx.Response(200, json={"task_instances": page, "total_entries": len(rows)})

    assert client(answer).load_tasks("d", "r") == rows


def test_a_run_is_asked_for_without_a_logical_date() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"logical_date": None, "conf": {"limit": 20}}
        return httpx.Response(200, json={"dag_run_id": "manual__1"})

    assert client(answer).trigger("d", {"limit": 20}) == "manual__1"


@pytest.mark.parametrize(
    ("is_paused", "run_after", "due"),
    [
        (True, "2026-01-04T06:00:00Z", "2026-01-04T06:00:00Z"),
        (False, "2026-01-04T06:00:00Z", None),
        (True, "2999-01-04T06:00:00Z", None),
        (True, None, None),
    ],
)
def test_a_run_is_due_when_a_paused_dag_has_missed_one(is_paused: bool, run_after: str | None, due: str | None) -> None:
    dag = {"is_paused": is_paused, "next_dagrun_run_after": run_after}
    assert client(lambda _: httpx.Response(200, json=dag)).find_due_run("d") == due


def test_health_names_what_is_missing_and_needs_no_login() -> None:
    health = {
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "unhealthy"},
        "dag_processor": {"status": None},
        "triggerer": {"status": "healthy"},
    }
    assert client(lambda _: httpx.Response(200, json=health)).find_unhealthy() == ["scheduler", "dag-processor"]
    assert client(lambda _: httpx.Response(503)).find_unhealthy() == ["api-server"]

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert client(refuse).find_unhealthy() == ["api-server"]


def test_dags_and_import_errors_from_before_the_start_do_not_count() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/dags"):
            times = {"old": "2026-11-22T10:00:00Z", "new": "2026-11-22T12:00:00.5Z", "never": None}
            dags = [{"dag_id": name, "last_parsed_time": time} for name, time in times.items()]
            return httpx.Response(200, json={"dags": dags, "total_entries": 3})
        errors = [
            {"filename": "old.py", "timestamp": "2026-11-22T10:00:00Z", "stack_trace": "Traceback\nValueError: old"},
            {"filename": "new.py", "timestamp": "2026-11-22T12:00:01Z", "stack_trace": "Traceback\nValueError: new\n"},
        ]
        return httpx.Response(200, json={"import_errors": errors, "total_entries": 2})

    noon = 1795348800.0
    assert client(answer).find_parsed_dags(since=noon) == {"new"}
    assert client(answer).find_import_errors(since=noon) == ["new.py: ValueError: new"]


def test_a_refused_login_is_told_with_the_remedy() -> None:
    with pytest.raises(LocalError, match=r"refuses our login \(HTTP 401\): run `make stop`, then `make run`"):
        client(lambda _: httpx.Response(200), password="other").load_run_state("d", "r")


def test_an_error_of_airflow_names_the_request() -> None:
    with pytest.raises(LocalError, match="PATCH /api/v2/dags/d with HTTP 404: no such dag"):
        client(lambda _: httpx.Response(404, text="no such dag")).pause("d", paused=True)
