"""What is asked of the running Airflow, over its REST API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx

from local.state import LocalError

PAGE = 100
# Heartbeats are older than the process when it was just restarted; the caller looks at the process itself.
COMPONENTS = {
    "metadatabase": "database",
    "scheduler": "scheduler",
    "dag_processor": "dag-processor",
    "triggerer": "triggerer",
}
FINISHED = {"success", "failed", "upstream_failed", "skipped", "removed"}


class AirflowApi:
    """A signed-in client of the Airflow on this machine."""

    def __init__(self, url: str, user: str, password: str, *, transport: httpx.BaseTransport | None = None) -> None:
        """Keep address and login; the token is fetched when it is first needed. A test brings its own transport."""
        self._login = {"username": user, "password": password}
        self._signed_in = False
        # No proxy of the machine may come between.
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False, transport=transport)

    def find_unhealthy(self) -> list[str]:
        """Name the components that have not reported themselves; all wait while the API does not answer."""
        try:
            answer = self._client.get("/api/v2/monitor/health")
            answer.raise_for_status()
            health = answer.json()
        except (httpx.HTTPError, ValueError):
            return ["api-server"]
        return [name for key, name in COMPONENTS.items() if (health.get(key) or {}).get("status") != "healthy"]

    def find_parsed_dags(self, *, since: float) -> set[str]:
        """Return the ids of the DAGs whose file was read after a moment (seconds since 1970)."""
        return {
            dag["dag_id"]
            for dag in self._pages("/api/v2/dags", "dags")
            if dag["last_parsed_time"] and dt.datetime.fromisoformat(dag["last_parsed_time"]).timestamp() >= since
        }

    def find_import_errors(self, *, since: float) -> list[str]:
        """Return file and last line of each import error seen after a moment."""
        return [
            f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}"
            for error in self._pages("/api/v2/importErrors", "import_errors")
            if dt.datetime.fromisoformat(error["timestamp"]).timestamp() >= since
        ]

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Pause a DAG or let it go."""
        self._ask("PATCH", f"/api/v2/dags/{dag_id}", params={"update_mask": "is_paused"}, json={"is_paused": paused})

    def find_due_run(self, dag_id: str) -> str | None:
        """Return the time of the run that a paused DAG starts by itself once it is let go, if there is one."""
        dag = self._ask("GET", f"/api/v2/dags/{dag_id}")
        due_at = dag["next_dagrun_run_after"] if dag["is_paused"] else None
        is_due = due_at is not None and dt.datetime.fromisoformat(due_at) <= dt.datetime.now(dt.UTC)
        return due_at if is_due else None

    def find_scheduled_run(self, dag_id: str, run_after: str) -> str | None:
        """Return the id of the scheduled run of that time or later."""
        params = {"run_type": "scheduled", "run_after_gte": run_after, "order_by": "-run_after", "limit": 1}
        runs = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=params)["dag_runs"]
        return str(runs[0]["dag_run_id"]) if runs else None

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Ask for a run; returns its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def load_run_state(self, dag_id: str, run_id: str) -> str:
        """Return queued, running, success or failed."""
        return str(self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def load_tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run: `task_id`, `map_index`, `state`, `try_number`."""
        return self._pages(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")

    def load_return_value(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a task returned."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self._ask("GET", path, params={"deserialize": "true"})["value"]

    def _pages(self, path: str, key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            answer = self._ask("GET", path, params={"limit": PAGE, "offset": len(rows)})
            rows += answer[key]
            if not answer[key] or len(rows) >= answer["total_entries"]:
                return rows

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            if not self._signed_in:
                token = self._client.post("/auth/token", json=self._login)
                if token.status_code not in {200, 201}:
                    raise LocalError(
                        f"the Airflow at {self._client.base_url} refuses our login (HTTP {token.status_code}): "
                        "run `make stop`, then `make run`"
                    )
                self._client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
                self._signed_in = True
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise LocalError(f"the Airflow at {self._client.base_url} does not answer {path}: {error}") from error
        if answer.is_error:
            raise LocalError(f"Airflow answered {method} {path} with HTTP {answer.status_code}: {answer.text[:500]}")
        return answer.json()
