"""The environment of Airflow's processes on this machine: addresses, secrets, login, folders, connections."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local import state
from local.databases import Databases, as_connection_json, as_sqlalchemy_url
from local.sources import Source
from local.state import load_or_make_secret, make_private_folder, write_private_file

REPO = Path(__file__).resolve().parent.parent
PREFERRED_PORT = 8080
USER = "admin"
# Variables of a shell that would turn our processes into somebody else's Airflow, or slow every task down.
FOREIGN = ("AIRFLOW_CONFIG", "PYTHONDONTWRITEBYTECODE", "SESSION_INSIGHTS_DATABASE_URL")


@dataclass(frozen=True)
class AirflowSite:
    """Airflow on this machine: where it answers, who may enter, what its processes are told."""

    home: Path
    port: int
    password: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)
    fingerprint: str  # changes when running processes no longer fit settings or code
    user: str = USER

    @property
    def url(self) -> str:
        """Address for a browser on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_dir(self) -> Path:
        """Logs of the processes; logs of tasks are below `home/logs`."""
        return self.home.parent / "logs"


def build_site(
    state_dir: Path, environment: Mapping[str, str], databases: Databases, source: Source, *, port: int
) -> AirflowSite:
    """Gather what Airflow's processes need; secrets and password are made the first time and kept."""
    home = make_private_folder(state_dir / "airflow")
    password = load_password(state_dir)
    told = {name: value for name, value in environment.items() if name not in FOREIGN}
    told |= build_base_environment(state_dir, environment, source)
    told |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPO / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPO / "plugins"),
        # The first runs are ours, in order; a DAG is let go when its turn comes.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_password_file(state_dir)),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": as_sqlalchemy_url(databases.airflow_url),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        # A DAG file is read when it changes; to read them all twice a minute costs power, and 20 MB of log a day.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL": "0",
        # Tasks of a scheduler that was killed are taken up after half a minute, not after five.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW_CONN_SESSION_INSIGHTS_DB": as_connection_json(databases.insights_url),
        # A task is not told Airflow's own database; SESSION_INSIGHTS_AIRFLOW_DAYS has one clean it.
        "AIRFLOW_CONN_SESSION_INSIGHTS_AIRFLOW_DB": as_connection_json(databases.airflow_url),
        **_load_secrets(home),
    }
    if sys.platform == "darwin":
        # Airflow forks a process a task, which macOS otherwise ends.
        told["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
    return AirflowSite(home, port, password, told, _fingerprint(told))


def build_base_environment(state_dir: Path, environment: Mapping[str, str], source: Source) -> dict[str, str]:
    """Gather what every process of ours needs, also the command without Airflow."""
    binaries = str(Path(sys.executable).parent)
    local_hosts = ",".join(
        filter(None, [environment.get("NO_PROXY", environment.get("no_proxy")), "127.0.0.1,localhost"])
    )
    return {
        "PATH": os.pathsep.join([binaries, environment.get("PATH", "/usr/bin:/bin")]),
        "NO_PROXY": local_hosts,
        "no_proxy": local_hosts,
        "SESSION_INSIGHTS_STATE_DIR": str(state_dir),
        "SESSION_INSIGHTS_SOURCES": source.setting,
        "SESSION_INSIGHTS_REPORTS_DIR": environment.get("SESSION_INSIGHTS_REPORTS_DIR") or str(state_dir / "reports"),
        # An empty value switches the archive off.
        "SESSION_INSIGHTS_ARCHIVE": environment.get("SESSION_INSIGHTS_ARCHIVE", str(state_dir / "archive")),
    }


@contextlib.contextmanager
def claim_port(state_dir: Path) -> Iterator[int]:
    """Keep the port of the last start while it is free, else take 8080 or the next free one.

    While the block runs, no other `make run` of this machine takes the same.
    """
    kept = load_port(state_dir)
    usual = range(PREFERRED_PORT, PREFERRED_PORT + 50)
    with state.claim_port(usual if kept is None else (kept, *usual)) as port:
        write_private_file(make_private_folder(state_dir / "airflow") / "port", f"{port}\n")
        yield port


def load_port(state_dir: Path) -> int | None:
    """Return the port of the last start."""
    with contextlib.suppress(OSError, ValueError):
        return int((state_dir / "airflow" / "port").read_text())
    return None


def load_password(state_dir: Path) -> str:
    """Return the password of the user; made the first time, never a default one."""

    def make() -> str:
        return json.dumps({USER: secrets.token_urlsafe(12)})

    kept: dict[str, str] = json.loads(load_or_make_secret(_password_file(state_dir), make))
    return kept[USER]


def _password_file(state_dir: Path) -> Path:
    return make_private_folder(state_dir / "airflow") / "passwords.json"


def _load_secrets(home: Path) -> dict[str, str]:
    def make() -> str:
        return json.dumps(
            {
                # What Fernet wants: 32 bytes in URL-safe base64.
                "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
                "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
                "AIRFLOW__API_AUTH__JWT_ISSUER": "session-insights",
            }
        )

    kept: dict[str, str] = json.loads(load_or_make_secret(home / "secrets.json", make))
    return kept


def _fingerprint(told: Mapping[str, str]) -> str:
    """Digest everything that a running process keeps in memory: its settings and the code."""
    relevant = ("AIRFLOW", "SESSION_INSIGHTS_", "ANTHROPIC_", "CLAUDE_", "AWS_")
    digest = hashlib.sha256(json.dumps({k: v for k, v in sorted(told.items()) if k.startswith(relevant)}).encode())
    for folder in ("dags", "plugins"):
        for path in sorted((REPO / folder).rglob("*.py")):
            digest.update(f"{path}:{path.stat().st_mtime_ns}\n".encode())
    digest.update(sys.version.encode())
    with contextlib.suppress(FileNotFoundError):
        digest.update((REPO / "requirements.txt").read_bytes())
    return digest.hexdigest()[:16]
