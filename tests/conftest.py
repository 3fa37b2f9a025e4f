"""One throw-away Postgres cluster a run; a test gets its own database, copied from a migrated template."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import settings
from psycopg.pq import TransactionStatus
from xdist.scheduler import LoadFileScheduling

from local.postgres import Cluster, remove_postgres, start_postgres
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import Connection, connect
from session_insights.store.migrations import migrate
from tests.helpers import find_wrong_facts

if TYPE_CHECKING:
    from tests.fakes.object_store import ObjectStore

pytest_plugins = ["tests.live"]
ROOT = Path(__file__).parent.parent

# CI repeats itself; a developer's machine looks further with every run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# Their tests share one Airflow, so all are one process's. They take longest and come first.
LIVE = (
    *(f"tests/dags/test_{name}" for name in ("live", "messages", "reports", "schedulers")),
    "tests/dashboard/browser/",
)
LONG = (*LIVE, "tests/deploy/test_stack", "tests/integration/test_backfill_killed", "tests/dags/")
_numbers = itertools.count(1)
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # one server may serve several, as in `tests/oldest.sh`


class ByModule(LoadFileScheduling):  # type: ignore[misc]
    """Processes share the tests of `make test`: a module is one's, and all that is live is one's."""

    def _split_scope(self, nodeid: str) -> str:
        return "live" if nodeid.startswith(LIVE) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByModule:
    config.option.loadscopereorder = False  # as collected, below
    return ByModule(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first, where processes share the tests; who runs a few waits for no Airflow."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: [not item.nodeid.startswith(prefix) for prefix in LONG])


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="session")
def cluster(state_dir: Path) -> Iterator[Cluster]:
    """The packaged Postgres, or the one of `tests/oldest.sh`."""
    if port := os.environ.get("TEST_POSTGRES_PORT"):
        yield Cluster(int(port), "", Path(), Path())
        return
    yield start_postgres(state_dir, durable=False)
    remove_postgres(state_dir)


@pytest.fixture(scope="session")
def template_database(cluster: Cluster) -> str:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database insights_template{_WORKER}".encode())
    with connect(cluster.url(f"insights_template{_WORKER}")) as connection:
        migrate(connection, find_include_dir(Settings()) / "sql" / "migrations")
    return f"insights_template{_WORKER}"


@pytest.fixture
def database_url(cluster: Cluster, template_database: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test{_WORKER}_{next(_numbers)}"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template {template_database} strategy file_copy".encode())
    yield cluster.url(name)
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url) as opened:
        yield opened
        if not opened.closed and opened.info.transaction_status == TransactionStatus.IDLE:
            # Whatever a test has done: what figures read is what sessions, days, facets and attempts say.
            assert find_wrong_facts(opened) == []


@pytest.fixture(scope="session")
def running_object_store() -> Iterator[ObjectStore]:
    from tests.fakes.object_store import ObjectStore  # here, because it takes a second

    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def object_store(running_object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An empty store, which boto3's own chain leads to."""
    for name, value in running_object_store.environment.items():
        monkeypatch.setenv(name, value)
    yield running_object_store
    running_object_store.empty()
