"""The stack of docker-compose.yaml, live: each service's own command, environment and health check, as processes.

Postgres is a server of the tests; containers' paths are folders, their names ports of 127.0.0.1. Everything else is
what Compose would start: Redis, init, the four parts of Airflow, two Celery workers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from local.postgres import Cluster
from session_insights.store.database import connect, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.deploy.composed import ROOT
from tests.deploy.conftest import drop_databases
from tests.deploy.site import BY_HAND, Site, count_chunks, open_site, sign_in
from tests.integration.corpus import make_corpus

SYNC, EXTRACTION, ENDED = "insights_session_sync", "insights_facet_extraction", "insights_session_ended"
WORKERS = (1, 2)


def write_session(root: Path, session_id: str, *, hours_ago: float) -> Path:
    records = transcript(
        user("please draft the town hall mail"),
        assistant("Here it is."),
        user("perfect, thank you!"),
        assistant("Gladly."),
        session_id=session_id,
        cwd="/home/alex/work/indy-hall/events",
        start=datetime.now(UTC) - timedelta(hours=hours_ago),
        seconds=20,
    )
    return write_transcript(root, records)


def need(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed; .ci/run installs it")
        pytest.skip(f"{program} is not installed: apt-get install {program}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, own_cluster: Cluster) -> Iterator[Site]:
    for program in ("redis-server", "rsync"):
        need(program)
    home = tmp_path_factory.mktemp("stack")
    transcripts = tmp_path_factory.mktemp("transcripts")
    for number in range(1, 9):
        write_session(transcripts / "desk", f"session-{number}", hours_ago=number)
    (transcripts / "laptop").mkdir()
    try:
        with open_site(home, own_cluster, transcripts, workers=WORKERS, settings=BY_HAND) as site:
            yield site
    finally:
        drop_databases(own_cluster)


def test_sync_and_extraction_run_on_celery_and_fill_the_tables(site: Site) -> None:
    site.run(SYNC)
    site.run(EXTRACTION)
    rows = site.query("select id, machine from insights.claude_sessions order by id")
    assert rows == [{"id": f"session-{number}", "machine": "desk"} for number in range(1, 9)]
    read = site.query("select reader, count(*) as n from insights.session_facets group by reader")
    assert read == [{"reader": "offline", "n": 8}]


def test_both_workers_had_their_share(site: Site) -> None:
    for number in WORKERS:
        assert "succeeded in" in site.stack.log(f"worker-{number}"), f"worker {number} ran nothing"


def test_a_service_that_is_gone_is_not_healthy(site: Site) -> None:
    assert not site.stack.is_healthy("worker", 3)
    assert site.stack.is_healthy("worker", 1)


def test_the_setup_dag_runs_as_a_role_that_may_not_migrate_and_finds_nothing_to_do(site: Site) -> None:
    run_id = site.run("insights_setup")
    assert site.returned("insights_setup", run_id, "migrate") == []
    url = site.stack.services["worker"]["environment"]["AIRFLOW_CONN_SESSION_INSIGHTS_DB"]
    with connect(url.replace("@postgres:5432", f"@127.0.0.1:{site.stack.ports['postgres']}")) as app:
        [role] = execute(app, "select current_user as name")
    assert role == {"name": "session_insights_app"}


def test_the_dashboard_shows_what_was_read_to_whoever_is_signed_in(site: Site) -> None:
    page = site.client.get("/insights/sessions")
    assert page.status_code == 200
    assert "session-3" in page.text
    assert httpx.get(f"{site.client.base_url}/insights/", trust_env=False).status_code == 401


def test_a_session_that_ends_on_a_laptop_has_its_facets_within_a_minute(site: Site, tmp_path: Path) -> None:
    projects = tmp_path / ".claude" / "projects"
    file = write_session(projects, "just-ended", hours_ago=0.05)
    config = tmp_path / ".config" / "session-insights"
    config.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "laptop" / "ship.py", config)
    told = {
        "machine": "laptop",
        "target": str(site.transcripts / "laptop"),
        "airflow": str(site.client.base_url).rstrip("/"),
        "user": "laptop",
        "password": site.variables["AIRFLOW_LAPTOP_PASSWORD"],
    }
    (config / "laptop.json").write_text(json.dumps(told))
    (config / "laptop.json").chmod(0o600)
    [hook] = json.loads((ROOT / "deploy" / "laptop" / "settings.json").read_text())["hooks"]["SessionEnd"][0]["hooks"]
    stdin = {
        "session_id": "just-ended",
        "transcript_path": str(file),
        "cwd": "/home/alex/work/indy-hall/events",
        "hook_event_name": "SessionEnd",
        "reason": "prompt_input_exit",
    }
    started_at = time.monotonic()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", hook["command"]],
        input=json.dumps(stdin),
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=hook["timeout"],
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    find = "select reader from insights.session_facets where session_id = 'just-ended'"
    while not (found := site.query(find)):
        assert time.monotonic() - started_at < 60, (config / "laptop.log").read_text()
        time.sleep(0.5)
    assert found == [{"reader": "offline"}]
    assert site.query("select machine from insights.claude_sessions where id = 'just-ended'") == [{"machine": "laptop"}]


def test_a_session_that_is_read_already_is_not_read_twice_when_it_ends(site: Site) -> None:
    project = next((site.transcripts / "desk").iterdir()).name
    run_id = site.run(ENDED, transcript=f"{project}/session-1.jsonl", machine="desk")
    tasks = site.ask("GET", f"/dags/{ENDED}/dagRuns/{run_id}/taskInstances")["task_instances"]
    states = {task["task_id"]: task["state"] for task in tasks}
    assert states == {"sync_session": "success", "extract_facets": "skipped"}


def test_the_laptops_account_may_do_nothing_but_that(site: Site) -> None:
    with sign_in(str(site.client.base_url), "laptop", site.variables["AIRFLOW_LAPTOP_PASSWORD"]) as laptop:
        body = {"logical_date": None, "conf": {}}
        for method, path in (
            ("GET", f"/api/v2/dags/{SYNC}"),
            ("GET", f"/api/v2/dags/{ENDED}/dagRuns"),
            ("GET", "/api/v2/connections"),
            ("GET", "/insights/"),
            ("POST", f"/api/v2/dags/{SYNC}/dagRuns"),
            ("PATCH", f"/api/v2/dags/{SYNC}"),
            ("DELETE", f"/api/v2/dags/{SYNC}"),
        ):
            json_body = {"POST": body, "PATCH": {"is_paused": True}}.get(method)
            answer = laptop.request(method, path, json=json_body)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
        listed = laptop.get("/api/v2/dags")
        assert listed.status_code == 403 or {dag["dag_id"] for dag in listed.json()["dags"]} <= {ENDED}


@pytest.mark.parametrize("transcript", ["../desk/x.jsonl", "/etc/passwd", "..//x.jsonl", "p/x.txt", "a/b/x.jsonl"])
def test_a_name_that_is_no_transcript_below_a_source_is_refused_at_the_door(site: Site, transcript: str) -> None:
    body = {"logical_date": None, "conf": {"transcript": transcript}}
    assert site.client.post(f"/api/v2/dags/{ENDED}/dagRuns", json=body).status_code == 400


def test_nobody_signs_in_with_a_password_that_others_have(site: Site) -> None:
    for password in ("admin", "airflow", ""):
        answer = httpx.post(
            f"{site.client.base_url}/auth/token", json={"username": "admin", "password": password}, trust_env=False
        )
        assert answer.status_code in (400, 401, 422)


def test_two_workers_share_a_first_sync_and_each_file_is_read_once(site: Site, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, seed=3, megabytes=100)
    truth = json.loads((corpus / "truth.json").read_text())
    shutil.copytree(corpus / "projects", site.transcripts / "fleet")
    run_id = site.run(SYNC)
    chunks = count_chunks(site, run_id)
    assert set(chunks) == {"worker-1", "worker-2"}
    assert min(chunks.values()) >= 1, chunks
    run = site.returned(SYNC, run_id, "summarize_sync")
    assert (sum(chunks.values()), run["failed_chunk_count"], run["failed_count"]) == (run["chunk_count"], 0, 0)
    assert run["read_count"] == run["changed_count"] == len(list((corpus / "projects").rglob("*.jsonl")))
    found = site.query(
        """
        select message.model, sum(message.input_tokens) as input, sum(message.output_tokens) as output
        from insights.session_messages as message
        inner join insights.claude_sessions as session on message.session_id = session.id
        where session.machine = 'fleet' and message.is_owner
        group by message.model
        """
    )
    tokens = {model: (counts["input"], counts["output"]) for model, counts in truth["tokens"].items()}
    assert {row["model"]: (row["input"], row["output"]) for row in found} == tokens
    assert set(count_chunks(site, site.run(SYNC)).values()) == {0}


def test_a_second_init_changes_nothing_and_no_log_tells_a_secret(site: Site) -> None:
    assert site.stack.start("init").wait(180) == 0, site.stack.log("init-1")[-3000:]
    sign_in(str(site.client.base_url), "admin", site.variables["AIRFLOW_ADMIN_PASSWORD"]).close()
    secrets = {name: value for name, value in site.variables.items() if re.search("PASSWORD|SECRET|KEY", name)}
    for path in [*site.stack.home.glob("*.log"), *(site.stack.home / "volumes" / "logs").rglob("*.log")]:
        text = path.read_text("utf-8", errors="replace")
        assert [name for name, value in secrets.items() if value in text] == [], path
