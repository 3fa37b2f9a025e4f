"""The way of a record through a running Airflow, and what clearing and triggering again do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.airflow_environment import load_password
from session_insights.store.database import connect, execute
from tests.fakes.claude import FakeClaude, error, says, valid
from tests.fakes.webhooks import Webhooks
from tests.live import TITLES, Site

SYNC = "insights_session_sync"
EXTRACTION = "insights_facet_extraction"
BACKFILL = "insights_facet_backfill"
LOOK = "GET /v1/messages/batches/msgbatch_0001"
STAMPS = {"read_at", "synced_at", "updated_at", "created_at", "mtime_ns", "facets_extracted_at", "attempted_at"}
SIGNED = re.compile(r"X-Amz-(?:Date|Signature)=\w+")
TABLES = (
    "transcript_files claude_sessions session_messages session_entries session_days session_facets facet_extractions "
    "insights_snapshots narrative_calls anomalies notifications schema_migrations"
)


def query(site: Site, sql: str) -> list[dict[str, Any]]:
    with connect(site.database_url) as connection:
        return execute(connection, sql)


def attempts(site: Site) -> Counter[str]:
    """Tries so far, by session."""
    rows = query(site, "select session_id, count(*) as n from insights.facet_extractions group by session_id")
    return Counter({row["session_id"]: row["n"] for row in rows})


def dump(site: Site) -> dict[str, list[str]]:
    """Every row of every table, without what says when it was written: columns, and the times of signed links."""
    return {
        table: sorted(
            SIGNED.sub("", str({name: value for name, value in row.items() if name not in STAMPS}))
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
        other = {task["task_id"]: task["state"] for task in tasks if task["state"] != "success"}
        assert other == {}, dag_id


def test_a_figure_is_a_task_of_its_own(site: Site) -> None:
    tasks = site.tasks("insights_weekly_report", site.first_run("insights_weekly_report"))
    refreshed = {task["task_id"].removeprefix("refresh_figures.") for task in tasks if "." in task["task_id"]}
    files = list(Path("include/sql/aggregates").glob("*.sql"))
    monthly = {path.stem for path in files if "-- Period: monthly" in path.read_text()}
    assert monthly
    assert refreshed == {path.stem for path in files} - monthly


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


def test_clearing_a_chunk_of_the_sync_reads_its_files_again(site: Site) -> None:
    run_id = site.first_run(SYNC)
    read_at = "select path, read_at from insights.transcript_files where state = 'read' order by path"
    before = query(site, read_at)
    body = {
        "dry_run": False,
        "dag_run_id": run_id,
        "task_ids": [["sync_sessions", 0]],
        "only_failed": False,
        "include_downstream": True,
        "reset_dag_runs": True,
    }
    site.ask("POST", f"/dags/{SYNC}/clearTaskInstances", json=body)
    site.wait(SYNC, run_id)
    after = query(site, read_at)
    assert [row["path"] for row in after] == [row["path"] for row in before]
    assert all(new["read_at"] > old["read_at"] for old, new in zip(before, after, strict=True))


def test_a_run_says_beside_its_tasks_what_it_read_and_its_asset_says_it_too(site: Site) -> None:
    run_id = site.first_run(SYNC)
    [count] = query(site, "select count(*) as files from insights.transcript_files")
    labels = {task["task_id"]: task["rendered_map_index"] for task in site.tasks(SYNC, run_id)}
    assert labels["find_transcripts"] == f"{count['files']} of {count['files']} files changed"
    assert labels["summarize_sync"].startswith(f"{labels['find_transcripts']}; {count['files']} files read (")
    [event, *_] = site.ask("GET", "/assets/events", params={"source_dag_id": SYNC})["asset_events"]
    assert (event["name"], event["extra"]["read_count"]) == ("insights_sessions", count["files"])
    [asset] = site.ask("GET", "/assets", params={"name_pattern": "insights_sessions"})["assets"]
    assert {task["dag_id"] for task in asset["producing_tasks"]} == {SYNC, "insights_session_ended"}
    assert {task["dag_id"] for task in asset["consuming_tasks"]} == {
        EXTRACTION,
        "insights_facet_backfill",
        "insights_session_ended",
        "insights_weekly_report",
        "insights_monthly_deep_dive",
    }


def test_a_report_with_since_and_until_is_about_exactly_those_days_and_with_notify_off_nothing_is_posted(
    site: Site, webhooks: Webhooks
) -> None:
    run_id = site.trigger("insights_weekly_report", since="2026-11-16", until="2026-11-17", notify=False)
    assert site.returned("insights_weekly_report", run_id, "notify") == {}
    assert "16 to 17 November" not in str(webhooks.posted)
    published = site.returned("insights_weekly_report", run_id, "publish_report")
    assert published["session_count"] == 2
    [row] = query(
        site, "select period_start, period_end from insights.insights_snapshots where period_start = '2026-11-16'"
    )
    assert (row["period_start"], row["period_end"]) == (date(2026, 11, 16), date(2026, 11, 18))


def test_a_second_run_of_every_dag_changes_no_row_but_timestamps(site: Site) -> None:
    # The first runs are those of `make run`.
    before, pages = dump(site), {path: path.read_bytes() for path in (site.state_dir / "reports").glob("*.html")}
    for dag_id in ("insights_setup", "insights_session_sync", EXTRACTION, "insights_weekly_report"):
        site.trigger(dag_id)
    assert dump(site) == before
    assert {path: path.read_bytes() for path in (site.state_dir / "reports").glob("*.html")} == pages


def test_a_dry_run_leaves_an_attempt_with_its_estimate_and_nothing_else(site: Site) -> None:
    before = dump(site)
    run_id = site.trigger(EXTRACTION, session_id="one", force=True, dry_run=True, reader="claude")
    [attempt] = query(site, f"select * from insights.facet_extractions where dag_run_id = '{run_id}'")
    assert (attempt["state"], attempt["input_tokens"], attempt["cost_usd"]) == ("dry_run", 0, 0)
    assert attempt["estimated_tokens"] > 1000
    summary = site.returned(EXTRACTION, run_id, "summarize")["summary"]
    assert summary.startswith(f"1 would be read: {attempt['estimated_tokens']:,} tokens, about $0.00")
    query(site, f"delete from insights.facet_extractions where dag_run_id = '{run_id}' returning 1")
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


@pytest.fixture
def claude(site: Site) -> Iterator[FakeClaude]:
    """A Claude that Airflow knows by its connection."""
    with FakeClaude() as fake:
        body = {"connection_id": "anthropic_default", "conn_type": "anthropic", "host": fake.url, "password": "key-1"}
        site.ask("POST", "/connections", json=body)
        yield fake
        site.client.delete("/api/v2/connections/anthropic_default").raise_for_status()


def states(site: Site, run_id: str) -> dict[str, str]:
    """Of each task, mapped ones by the title of their session."""
    tasks = site.tasks(EXTRACTION, run_id)
    return {task["rendered_map_index"] or task["task_id"]: task["state"] for task in tasks}


def test_a_session_that_fails_makes_its_task_and_the_run_red_and_the_others_go_on(
    site: Site, claude: FakeClaude
) -> None:
    claude.default = lambda request: (says("no") if TITLES["two"] in request.prompt else valid())(request)
    made = site.ask(
        "POST",
        f"/dags/{EXTRACTION}/dagRuns",
        json={"logical_date": None, "conf": {"since": "2026-11-16", "force": True, "reader": "claude"}},
    )
    run_id = site.wait(EXTRACTION, made["dag_run_id"], expected="failed")
    found = states(site, run_id)
    assert found.pop(TITLES["two"]) == "failed"
    assert set(found.values()) == {"success"}
    done = site.returned(EXTRACTION, run_id, "summarize")
    assert (done["failed_count"], done["unanswered_count"]) == (1, 0)
    others = {"select_sessions", "detect_anomalies", "send_alerts", done["summary"]}
    assert done["ok_count"] == len(found.keys() - others) > 0
    [paid] = query(
        site,
        f"select sum(cost_usd) as usd from insights.facet_extractions where dag_run_id = '{run_id}'",
    )
    assert done["cost_usd"] == pytest.approx(paid["usd"])
    assert done["cost_usd"] > 0
    assert "1 failed (see facet_extractions)" in done["summary"]

    claude.default = valid()
    [task] = [t for t in site.tasks(EXTRACTION, run_id) if t["rendered_map_index"] == TITLES["two"]]
    body = {
        "dry_run": False,
        "dag_run_id": run_id,
        "task_ids": [["extract_facets", task["map_index"]]],
        "include_downstream": True,
        "only_failed": False,
        "reset_dag_runs": True,
    }
    before = attempts(site)
    site.ask("POST", f"/dags/{EXTRACTION}/clearTaskInstances", json=body)
    site.wait(EXTRACTION, run_id)
    assert attempts(site) - before == Counter({"two": 1})
    again = site.returned(EXTRACTION, run_id, "summarize")
    assert (again["failed_count"], again["ok_count"]) == (0, done["ok_count"] + 1)


def test_a_claude_that_refuses_the_key_fails_each_task_at_once_and_is_told_from_a_failed_session(
    site: Site, claude: FakeClaude
) -> None:
    claude.default = error(401)
    body = {"logical_date": None, "conf": {"session_id": "one", "force": True, "reader": "claude"}}
    made = site.ask("POST", f"/dags/{EXTRACTION}/dagRuns", json=body)
    run_id = site.wait(EXTRACTION, made["dag_run_id"], expected="failed")
    assert len(claude.requests) == 1
    found = states(site, run_id)
    assert {name: state for name, state in found.items() if state != "success"} == {TITLES["one"]: "failed"}
    assert "1 left without an answer" in site.returned(EXTRACTION, run_id, "summarize")["summary"]


def test_a_session_over_the_cap_is_skipped_and_the_summary_says_why(site: Site, claude: FakeClaude) -> None:
    spent = (
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, duration_seconds, "
        "dag_run_id) values ('one', 'ok', 'claude', 'm', 1, 'p', 'c', 0, 0, 0, 0, 4.9999, 0, 'spent') returning 1"
    )
    query(site, spent)
    try:
        run_id = site.trigger(EXTRACTION, session_id="one", force=True, reader="claude")
    finally:
        query(site, "delete from insights.facet_extractions where dag_run_id = 'spent' returning 1")
    assert claude.requests == []
    assert states(site, run_id)[TITLES["one"]] == "skipped"
    done = site.returned(EXTRACTION, run_id, "summarize")
    assert "1 skipped (session one: not sent: the daily cap is $5.00, $" in done["summary"]
    assert "SESSION_INSIGHTS_DAILY_CAP_USD" in done["summary"]


def test_the_reader_that_takes_batches_is_refused_where_sessions_are_read_one_by_one(site: Site) -> None:
    made = site.ask("POST", f"/dags/{EXTRACTION}/dagRuns", json={"logical_date": None, "conf": {"reader": "batch"}})
    run_id = site.wait(EXTRACTION, made["dag_run_id"], expected="failed")
    log = site.ask("GET", f"/dags/{EXTRACTION}/dagRuns/{run_id}/taskInstances/select_sessions/logs/1")
    assert "insights_facet_backfill" in str(log)


@pytest.mark.parametrize("name", ["reports", "airflow", "logs"])
def test_what_is_kept_is_for_its_owner_alone(site: Site, name: str) -> None:
    assert (site.state_dir / name).stat().st_mode & 0o077 == 0 or site.state_dir.stat().st_mode & 0o077 == 0


def test_a_backfill_waits_in_the_triggerer_and_the_next_run_sends_nothing_twice(site: Site, claude: FakeClaude) -> None:
    claude.batches.seconds = 4
    run_id = site.trigger(BACKFILL, since="2026-11-16", force=True)
    [wait] = [task for task in site.tasks(BACKFILL, run_id) if task["task_id"].endswith(".wait")]
    assert (wait["state"], wait["rendered_map_index"]) == ("success", "msgbatch_0001")
    # The provider's trigger looked again and again; nothing else asks after a single batch so often.
    assert claude.calls.count(LOOK) >= 3
    read = query(site, "select count(*) as n from insights.facet_extractions where reader = 'batch' and state = 'ok'")
    assert read[0]["n"] == len(claude.batches.made[0].requests) > 0
    again = site.trigger(BACKFILL, since="2026-11-16")
    assert {task["state"] for task in site.tasks(BACKFILL, again) if "submit" in task["task_id"]} == {"skipped"}
    assert len(claude.batches.made) == 1
