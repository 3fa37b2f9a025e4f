"""The roles of a deployment on the tests' own server, and the command as each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from local.postgres import Cluster, remove_postgres, start_postgres
from tests.integration.conftest import Shell

ROOT = Path(__file__).parent.parent.parent
PASSWORDS = {
    "AIRFLOW_DB_PASSWORD": "airflow-1",
    "INSIGHTS_OWNER_PASSWORD": "owner-1",
    "INSIGHTS_APP_PASSWORD": "app-1",
    "INSIGHTS_READER_PASSWORD": "reader-1",
}
OWNER, APP, READER = "session_insights_owner", "session_insights_app", "session_insights_reader"


@dataclass(frozen=True)
class Server:
    """A Postgres server with the databases and roles of a deployment."""

    cluster: Cluster

    def url(self, role: str, database: str = "insights") -> str:
        variable = "AIRFLOW_DB" if role == "airflow" else role.removeprefix("session_").upper()
        password = PASSWORDS[f"{variable}_PASSWORD"]
        return f"postgresql://{role}:{password}@{self.cluster.host}:{self.cluster.port}/{database}"

    def shell(self, role: str, **environment: str) -> Shell:
        """The command `session-insights` as a role."""
        return Shell(
            {"PATH": os.environ["PATH"], "SESSION_INSIGHTS_DATABASE_URL": self.url(role), **environment},
        )


def make_databases(admin_url: str, **passwords: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "ADMIN_DATABASE_URL": admin_url, **(PASSWORDS | passwords)}
    command = [sys.executable, str(ROOT / "deploy" / "databases.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def drop_databases(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        for database in ("insights", "airflow"):
            admin.execute(f"drop database if exists {database} with (force)".encode())
        for role in (OWNER, APP, READER, "airflow"):
            admin.execute(f"drop role if exists {role}".encode())


@pytest.fixture(scope="session")
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server of these tests' own: roles belong to a server, and others look at what it grants."""
    state_dir = tmp_path_factory.mktemp("own-postgres")
    yield start_postgres(state_dir, durable=False)
    remove_postgres(state_dir)


@pytest.fixture(scope="module")
def server(own_cluster: Cluster) -> Iterator[Server]:
    try:
        done = make_databases(own_cluster.url("postgres"))
        assert done.returncode == 0, done.stderr
        yield Server(own_cluster)
    finally:
        drop_databases(own_cluster)
