"""A Postgres of our own that may be broken at will, and the table of what was injected."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from local.postgres import Cluster, remove_postgres, start_postgres
from local.postgres_home import find_postgres_home
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import connect
from session_insights.store.migrations import migrate

MIGRATIONS = find_include_dir(Settings()) / "sql" / "migrations"
_numbers = itertools.count(1)


@dataclass
class Server:
    """Safe against a crash, as in use: what a commit has confirmed is on the disk."""

    state_dir: Path
    cluster: Cluster
    seconds_down: list[float] = field(default_factory=list)

    def crash(self) -> None:
        """End it as a cut power line would, as far as its processes can tell, and start it again."""
        home = find_postgres_home(self.state_dir)
        started = time.monotonic()
        done = home.run(
            "pg_ctl", "restart", "--wait", "--mode=immediate", f"--pgdata={home.data}", f"--log={home.log}", timeout=90
        )
        assert done.returncode == 0, done.stderr
        self.seconds_down.append(time.monotonic() - started)

    def make_database(self, template: str = "template0", place: str = "pg_default") -> str:
        name = f"fault_{next(_numbers)}"
        with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as admin:
            admin.execute(f"create database {name} template {template} tablespace {place}".encode())
        return self.cluster.url(name)

    def drop_database(self, url: str) -> None:
        with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as admin:
            admin.execute(f"drop database {url.rpartition('/')[2]} with (force)".encode())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    state_dir = tmp_path_factory.mktemp("breakable")
    yield Server(state_dir, start_postgres(state_dir, durable=True))
    remove_postgres(state_dir)


@pytest.fixture(scope="session")
def migrated(server: Server) -> str:
    """The name of a database with our tables, to be copied."""
    url = server.make_database()
    with connect(url) as connection:
        migrate(connection, MIGRATIONS)
    return url.rpartition("/")[2]


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Lines of `| what was injected | how often | what happened | seconds to recover |`, shown at the end."""
    lines: list[str] = []
    yield lines
    request.node.user_properties += [("injected", line) for line in lines]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Reports travel here from each process that ran tests.
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    told = [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "injected"]
    if told:
        terminalreporter.section("what was injected, how often, what happened, seconds to recover")
        for line in told:
            terminalreporter.write_line(str(line))
