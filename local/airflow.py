"""Airflow's four processes on this machine: started, found again, watched, stopped."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psycopg

from local.airflow_api import AirflowApi
from local.airflow_environment import AirflowSite
from local.processes import Service, check_service, find_service, read_tail, start_service, stop_services
from local.state import LocalError, make_private_folder, write_private_file

# Their log servers would listen on every interface; on one machine logs are read from disk.
COMMANDS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
# They fork a process a task and a process a DAG file.
FORKING = {"scheduler", "dag-processor"}
PRELOADED = Path(__file__).with_name("preloaded.py")
START_SECONDS = 180


def find_services(state_dir: Path) -> list[Service]:
    """Name the four processes and their files."""
    return [
        Service(f"airflow {name}", state_dir / "airflow" / f"{name}.pid", state_dir / "logs" / f"{name}.log")
        for name in COMMANDS
    ]


def is_running(state_dir: Path, fingerprint: str | None = None) -> bool:
    """Tell whether all four run, and with these settings and this code if a fingerprint is given."""
    if not all(find_service(service) for service in find_services(state_dir)):
        return False
    return fingerprint is None or load_start(state_dir).get("fingerprint") == fingerprint


def load_start(state_dir: Path) -> dict[str, str]:
    """Return what is known of the last start: its fingerprint and its time."""
    with contextlib.suppress(OSError, ValueError):
        kept: dict[str, str] = json.loads((state_dir / "airflow" / "started.json").read_text())
        return kept
    return {}


def migrate_airflow(site: AirflowSite, airflow_url: str) -> bool:
    """Bring Airflow's own tables up to its version; False if they were."""
    stamp = site.home / "migrated.json"
    current = {"airflow": importlib.metadata.version("apache-airflow-core"), "revision": _load_revision(airflow_url)}
    with contextlib.suppress(OSError, ValueError):
        if current["revision"] and json.loads(stamp.read_text()) == current:
            return False
    log = make_private_folder(site.log_dir) / "airflow-migrate.log"
    with log.open("w") as file:
        done = subprocess.run(
            [_airflow(), "db", "migrate"],
            env=site.environment,
            cwd=site.home,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise LocalError(f"`airflow db migrate` failed. The last lines of {log}:\n{read_tail(log)}")
    write_private_file(stamp, json.dumps(current | {"revision": _load_revision(airflow_url)}) + "\n")
    return True


def start_airflow(state_dir: Path, site: AirflowSite) -> None:
    """Start the four processes; leftovers of an earlier start are ended first."""
    stop_airflow(state_dir)
    make_private_folder(site.log_dir)
    started = {"fingerprint": site.fingerprint, "started_at": f"{time.time():.3f}"}
    write_private_file(site.home / "started.json", json.dumps(started) + "\n")
    start_processes(state_dir, site, COMMANDS)


def start_processes(state_dir: Path, site: AirflowSite, names: Iterable[str]) -> None:
    """Start some of the four."""
    for name, service in zip(COMMANDS, find_services(state_dir), strict=True):
        if name in names:
            command = [sys.executable, "-P", str(PRELOADED)] if name in FORKING else [_airflow()]
            start_service(service, [*command, *COMMANDS[name]], site.environment, cwd=site.home)


def stop_airflow(state_dir: Path) -> list[str]:
    """End the four processes and all their tasks; returns the names of those that ran."""
    return stop_services(find_services(state_dir))


def wait_for_airflow(state_dir: Path, api: AirflowApi, update: Callable[[str], None]) -> None:
    """Wait until the API answers and every process has reported itself.

    Raises:
        LocalError: A process ended, or the time was not enough.
    """
    deadline = time.monotonic() + START_SECONDS
    missing = ["api-server"]
    while time.monotonic() < deadline:
        check_airflow(state_dir)
        missing = api.find_unhealthy()
        if not missing:
            return
        update(f"waiting for {', '.join(missing)}")
        time.sleep(0.5)
    raise LocalError(
        f"Airflow is not up after {START_SECONDS} s; still missing: {', '.join(missing)}; see {state_dir / 'logs'}"
    )


def wait_for_dags(state_dir: Path, api: AirflowApi, expected: set[str], update: Callable[[str], None]) -> None:
    """Wait until the DAG files have been read since the last start.

    Raises:
        LocalError: A file cannot be imported, or a DAG does not appear.
    """
    started_at = float(load_start(state_dir).get("started_at", 0))
    deadline = time.monotonic() + START_SECONDS
    missing = expected
    while time.monotonic() < deadline:
        check_airflow(state_dir)
        missing = expected - api.find_parsed_dags(since=started_at)
        if not missing:
            return
        if errors := api.find_import_errors(since=started_at):
            raise LocalError("a DAG file cannot be imported:\n" + "\n".join(errors))
        update(f"{len(expected) - len(missing)} of {len(expected)} DAGs read")
        time.sleep(0.5)
    raise LocalError(f"DAGs not read: {', '.join(sorted(missing))}; see {state_dir / 'logs' / 'dag-processor.log'}")


def check_airflow(state_dir: Path) -> None:
    """Raise with the end of its log if one of the four has ended."""
    for service in find_services(state_dir):
        check_service(service)


def _load_revision(airflow_url: str) -> str:
    try:
        with psycopg.connect(airflow_url, connect_timeout=10) as connection:
            row = connection.execute("select version_num from alembic_version").fetchone()
            return str(row[0]) if row else ""
    except psycopg.errors.UndefinedTable:
        return ""


def _airflow() -> str:
    program = Path(sys.executable).parent / "airflow"
    if not os.access(program, os.X_OK):
        raise LocalError(f"{program} is missing: run `make install`")
    return str(program)
