"""`make run`, `make stop`, `make status`: Session Insights on this machine with one command."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from local import first_runs
from local.airflow import (
    find_services,
    is_running,
    migrate_airflow,
    start_airflow,
    stop_airflow,
    wait_for_airflow,
    wait_for_dags,
)
from local.airflow_api import AirflowApi
from local.airflow_environment import (
    REPO,
    AirflowSite,
    build_base_environment,
    build_site,
    claim_port,
    load_password,
    load_port,
)
from local.databases import Databases, open_databases
from local.postgres import find_postgres, stop_postgres
from local.processes import find_service
from local.progress import Step
from local.report_days import choose_report_days, describe_month
from local.sources import Source, choose_source
from local.state import LocalError, hold_lock, make_private_folder
from local.summary import describe_counts, load_counts, render_summary

BUSY = "another `make run` or `make stop` is at work on {}: wait for it, or end it with Ctrl-C"


def start(state_dir: Path, environment: Mapping[str, str]) -> int:
    """Bring everything up, read what there is, report; returns the exit code."""
    source = choose_source(environment, home=Path.home(), state_dir=state_dir, now=dt.datetime.now(dt.UTC))
    announce(source)
    with Step("Postgres") as step:
        databases = open_databases(state_dir, environment, source)
        step.finish(databases.where)
    command_environment = {
        **environment,
        **build_base_environment(state_dir, environment, source),
        "SESSION_INSIGHTS_DATABASE_URL": databases.insights_url,
    }
    with Step("Tables") as step:
        applied = first_runs.run_command(["migrate", "--json"], command_environment, step.update)["applied"]
        step.finish(f"{len(applied)} migrations applied" if applied else "up to date")
    site = bring_up_airflow(state_dir, environment, databases, source)
    api = AirflowApi(site.url, site.user, site.password)
    dags = {path.stem for path in (REPO / "dags").glob("insights_*.py")}
    with Step("DAGs") as step:
        wait_for_dags(state_dir, api, dags, step.update)
        step.finish(f"{len(dags)} read")

    first_runs.run_dag(state_dir, site, api, first_runs.SYNC, {})
    problem = ""
    try:
        first_runs.extract_facets(state_dir, site, api, databases.insights_url, command_environment)
    except LocalError as error:
        # A session that cannot be read must not keep the report of the others from its reader.
        problem = str(error)
    if source.is_demo:
        try:
            first_runs.make_earlier_reports(databases.insights_url, command_environment)
        except LocalError as error:
            problem = problem or str(error)
    days = choose_report_days(databases.insights_url, now=dt.datetime.now(dt.UTC))
    if days:
        print(f"No session in the last full week: the report is about {days['since']} to {days['until']}.")
    run_id = first_runs.run_dag(state_dir, site, api, first_runs.WEEKLY, days)
    report = first_runs.find_report(api, run_id)
    for dag_id in sorted(dags):
        api.pause(dag_id, paused=False)

    counts = describe_counts(load_counts(databases.insights_url), source)
    print(
        render_summary(
            url=site.url,
            user=site.user,
            password=site.password,
            report=str(report) if report else "none yet: no session was found",
            month=describe_month(databases.insights_url, report.parent, now=dt.datetime.now(dt.UTC))
            if report
            else "none yet",
            counts=counts,
            database=databases.where,
            profile=environment.get("SESSION_INSIGHTS_PROFILE")
            or "the sample, of somebody else: copy include/profile.yaml, name yours by SESSION_INSIGHTS_PROFILE",
        )
    )
    if problem:
        print(f"One step failed, the rest went on: {problem}", file=sys.stderr)
    return 1 if problem else 0


def load_environment(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of a file, `NAME=value` a line, below what the shell says."""
    kept = {name: value for name, value in dotenv_values(path).items() if value is not None}
    return {**kept, **environment}


def announce(source: Source) -> None:
    """Say what will be read, before anything takes time."""
    if source.is_demo:
        print(f"No transcripts in {source.looked_in}: reading demo transcripts instead. They are invented.")
    else:
        print(f"Reading transcripts from {source.label}.")


def bring_up_airflow(
    state_dir: Path, environment: Mapping[str, str], databases: Databases, source: Source
) -> AirflowSite:
    """Find Airflow running as it should, else start it."""
    with Step("Airflow") as step:
        kept_port = load_port(state_dir)
        if kept_port is not None:
            site = build_site(state_dir, environment, databases, source, port=kept_port)
            if is_running(state_dir, site.fingerprint):
                step.finish(f"running on {site.url}")
                wait_for_airflow(state_dir, AirflowApi(site.url, site.user, site.password), step.update)
                return site
        stop_airflow(state_dir)
        with claim_port(state_dir) as port:
            site = build_site(state_dir, environment, databases, source, port=port)
            step.update("making its tables")
            migrate_airflow(site, databases.airflow_url)
            start_airflow(state_dir, site)
            wait_for_airflow(state_dir, AirflowApi(site.url, site.user, site.password), step.update)
        step.finish(f"started on {site.url}")
    return site


def stop(state_dir: Path) -> int:
    """End everything that was started."""
    with Step("Airflow") as step:
        step.finish("stopped" if stop_airflow(state_dir) else "was not running")
    with Step("Postgres") as step:
        step.finish("stopped" if stop_postgres(state_dir) else "was not running")
    return 0


def status(state_dir: Path) -> int:
    """Say what runs and how to enter."""
    cluster = find_postgres(state_dir)
    print(f"  Postgres: {f'running on {cluster.host}:{cluster.port}' if cluster else 'not running'}")
    for service in find_services(state_dir):
        process = find_service(service)
        print(f"  {service.name}: {f'running, process {process.pid}' if process else 'not running'}")
    if is_running(state_dir):
        print(f"\n  Airflow   http://127.0.0.1:{load_port(state_dir)}\n  Login     admin / {load_password(state_dir)}")
    return 0


def main(arguments: list[str]) -> int:
    """Run one of the commands; an error is one plain message and exit code 1."""
    if len(arguments) != 1 or arguments[0] not in {"start", "stop", "status"}:
        print("usage: python -m local.run start|stop|status", file=sys.stderr)
        return 2
    environment = load_environment(REPO / ".env", os.environ)
    named = environment.get("SESSION_INSIGHTS_STATE_DIR") or "~/.session-insights"
    state_dir = Path(named).expanduser().resolve()
    try:
        if arguments[0] == "status":
            return status(state_dir)
        if arguments[0] == "stop" and not state_dir.exists():
            print(f"Nothing to stop: {state_dir} does not exist.")
            return 0
        make_private_folder(state_dir)
        with hold_lock(state_dir / "lock", busy=BUSY.format(state_dir)):
            return start(state_dir, environment) if arguments[0] == "start" else stop(state_dir)
    except LocalError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What has been started goes on in the background; `make stop` ends it.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
