"""One database for all cases; each case's rows are rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from local.postgres import Cluster
from session_insights.store.database import Connection, connect


@pytest.fixture(scope="session")
def case_connection(cluster: Cluster, template_database: str) -> Iterator[Connection]:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {template_database}_cases template {template_database}".encode())
    with connect(cluster.url(f"{template_database}_cases")) as opened:
        yield opened


@pytest.fixture
def scratch(case_connection: Connection) -> Iterator[Connection]:
    with case_connection.transaction(force_rollback=True):
        yield case_connection
