"""The way of a record through a running Airflow, and what clearing and triggering again do."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.airflow_environment import load_password
from session_insights.store.database import connect, execute
from tests.dags.conftest import TITLES, Site

EXTRACTION = "insights_facet_extraction"
STAMPS = {"read_at", "synced_at", "updated_at", "created_at", "mtime_ns", "facets_extracted_at", "attempted_at"}
TABLES = (
    "transcript_files claude_sessions session_messages session_entries session_days session_facets facet_extractions "
    "insights_snapshots anomalies notifications schema_migrations"
)


def query(site: Site, sql: str) -> list[dict[str, Any]]:
    with connect(site.database_url) as connection:
        return execute(connection, sql)


def attempts(site: Site) -> Counter[str]:
    """Tries so far, by session."""
    rows = query(site, "select session_id, count(*) as n from insights.facet_extractions group by session_id")
    return Counter({row["session_id"]: row["n"] for row in rows})


def dump(site: Site) -> dict[str, list[str]]:
    """Every row of every table, without the columns that say when it was written."""
    return {
        table: sorted(
            str({name: value for name, value in row.items() if name not in STAMPS})
            for row in query(site, f"select * from insights.{table}")
        )
        for table in TABLES.split()
    }


def test_make_run_ends_with_a_report_on_the_transcripts(site: Site) -> None:
    assert site.exit_code == 0
    run_id = site.first_run("insights_weekly_report")
    published = site.returned("insights_weekly_report", run_id, "publish_report")
    page = Path(published["path"]).read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Session Insights" in page


def test_every_task_of_the_first_runs_is_green(site: Site) -> None:
    for dag_id in ("insights_session_sync", EXTRACTION, "insights_weekly_report"):
        tasks = site.tasks(dag_id, site.first_run(dag_id))
        assert {task["state"] for task in tasks} == {"success"}, dag_id


def test_a_figure_is_a_task_of_its_own(site: Site) -> None:
    tasks = site.tasks("insights_weekly_report", site.first_run("insights_weekly_report"))
    refreshed = {task["task_id"].removeprefix("refresh_figures.") for task in tasks if "." in task["task_id"]}
    files = Path("include/sql/aggregates").glob("*.sql")
    assert refreshed == {path.stem for path in files}


def test_a_mapped_task_is_named_after_the_title_of_its_session(site: Site) -> None:
    tasks = site.tasks(EXTRACTION, site.first_run(EXTRACTION))
    names = {task["rendered_map_index"] for task in tasks if task["task_id"] == "extract_facets"}
    assert set(TITLES.values()) <= names


def test_clearing_one_mapped_task_reads_just_that_session_again(site: Site) -> None:
    run_id = site.first_run(EXTRACTION)
    [task] = [t for t in site.tasks(EXTRACTION, run_id) if t["rendered_map_index"] == TITLES["two"]]
    before = attempts(site)
    body = {
        "dry_run": False,
        "dag_run_id": run_id,
        "task_ids": [["extract_facets", task["map_index"]]],
        "only_failed": False,
        "reset_dag_runs": True,
    }
    site.ask("POST", f"/dags/{EXTRACTION}/clearTaskInstances", json=body)
    site.wait(EXTRACTION, run_id)
    assert attempts(site) - before == Counter({"two": 1})


def test_clearing_the_whole_run_selects_the_same_sessions_again(site: Site) -> None:
    run_id = site.first_run(EXTRACTION)
    before = attempts(site)
    selected = site.returned(EXTRACTION, run_id, "select_sessions")
    assert set(TITLES) <= set(selected)
    site.ask("POST", f"/dags/{EXTRACTION}/dagRuns/{run_id}/clear", json={"dry_run": False, "only_failed": False})
    site.wait(EXTRACTION, run_id)
    assert site.returned(EXTRACTION, run_id, "select_sessions") == selected
    assert attempts(site) - before == Counter(selected)


def test_a_report_with_since_and_until_is_about_exactly_those_days(site: Site) -> None:
    run_id = site.trigger("insights_weekly_report", since="2026-11-16", until="2026-11-17")
    published = site.returned("insights_weekly_report", run_id, "publish_report")
    assert published["session_count"] == 2
    [row] = query(
        site, "select period_start, period_end from insights.insights_snapshots where period_start = '2026-11-16'"
    )
    assert (row["period_start"], row["period_end"]) == (date(2026, 11, 16), date(2026, 11, 18))


def test_a_month_is_reported_by_its_own_dag(site: Site) -> None:
    run_id = site.trigger("insights_monthly_deep_dive", since="2026-11-01", until="2026-11-30")
    published = site.returned("insights_monthly_deep_dive", run_id, "publish_report")
    assert published["session_count"] > 0
    assert "monthly deep dive" in Path(published["path"]).read_text(encoding="utf-8")
    assert Path(published["path"]).name == "monthly-2026-11-01.html"


def test_a_second_run_of_every_dag_changes_no_row_but_timestamps(site: Site) -> None:
    for dag_id in ("insights_setup", "insights_session_sync", EXTRACTION, "insights_weekly_report"):
        site.trigger(dag_id)
    before, pages = dump(site), {path: path.read_bytes() for path in (site.state_dir / "reports").glob("*.html")}
    for dag_id in ("insights_setup", "insights_session_sync", EXTRACTION, "insights_weekly_report"):
        site.trigger(dag_id)
    assert dump(site) == before
    assert {path: path.read_bytes() for path in (site.state_dir / "reports").glob("*.html")} == pages


def test_a_dry_run_leaves_no_trace(site: Site) -> None:
    before = dump(site)
    site.trigger(EXTRACTION, session_id="one", force=True, dry_run=True, reader="claude")
    assert dump(site) == before


def test_a_wrong_parameter_fails_the_task_at_once_and_says_why(site: Site) -> None:
    made = site.ask(
        "POST",
        f"/dags/{EXTRACTION}/dagRuns",
        json={"logical_date": None, "conf": {"session_id": "nobody"}},
    )
    run_id = site.wait(EXTRACTION, made["dag_run_id"], expected="failed")
    [task] = [t for t in site.tasks(EXTRACTION, run_id) if t["task_id"] == "select_sessions"]
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = site.ask("GET", f"/dags/{EXTRACTION}/dagRuns/{run_id}/taskInstances/select_sessions/logs/1")
    assert "session nobody: not known" in str(log)


def test_a_value_that_the_form_forbids_is_refused(site: Site) -> None:
    body = {"logical_date": None, "conf": {"limit": 5000}}
    assert site.client.post(f"/api/v2/dags/{EXTRACTION}/dagRuns", json=body).status_code == 400


def test_nobody_enters_with_a_default_password(site: Site) -> None:
    for password in ("admin", "airflow"):
        answer = httpx.post(
            f"{site.client.base_url}/auth/token", json={"username": "admin", "password": password}, trust_env=False
        )
        assert answer.status_code == 401
    assert len(load_password(site.state_dir)) >= 16


@pytest.mark.parametrize("name", ["reports", "airflow", "logs"])
def test_what_is_kept_is_for_its_owner_alone(site: Site, name: str) -> None:
    assert (site.state_dir / name).stat().st_mode & 0o077 == 0 or site.state_dir.stat().st_mode & 0o077 == 0
