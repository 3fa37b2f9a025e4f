"""The two databases: addresses, a server of the user's own, a demo apart from real sessions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from local.databases import as_connection_json, as_sqlalchemy_url, open_databases, replace_database
from local.postgres import Cluster
from local.sources import Source
from local.state import LocalError

REAL = Source("/srv/projects", "/srv/projects")
DEMO = Source("demo=/srv/demo/projects", "demo transcripts", is_demo=True)


def test_an_address_becomes_an_airflow_connection() -> None:
    written = json.loads(as_connection_json("postgresql://vera:p%40ss@db.example:6543/insights?sslmode=require"))
    assert written == {
        "conn_type": "postgres",
        "host": "db.example",
        "port": 6543,
        "login": "vera",
        "password": "p@ss",
        "schema": "insights",
        "extra": {"sslmode": "require"},
    }


def test_an_address_keeps_its_options_when_driver_or_database_change() -> None:
    url = "postgres://vera:p%40ss@db.example/insights?sslmode=require"
    assert as_sqlalchemy_url(url) == "postgresql+psycopg2://vera:p%40ss@db.example/insights?sslmode=require"
    assert replace_database(url, "air flow") == "postgres://vera:p%40ss@db.example/air%20flow?sslmode=require"


def test_a_named_server_gets_both_databases_and_the_demo_one_of_its_own(cluster: Cluster, tmp_path: Path) -> None:
    named = {"SESSION_INSIGHTS_DATABASE_URL": cluster.url("my_insights")}
    for source, database in ((REAL, "my_insights"), (DEMO, "my_insights_demo"), (REAL, "my_insights")):
        databases = open_databases(tmp_path, named, source)
        assert databases.where == f"{database} on 127.0.0.1:{cluster.port}"
        for url, name in ((databases.insights_url, database), (databases.airflow_url, "airflow")):
            with psycopg.connect(url) as connection:
                assert connection.info.dbname == name
    assert not (tmp_path / "postgres").exists()


def test_a_new_demo_starts_empty_and_real_sessions_stay(cluster: Cluster, state_dir: Path) -> None:
    for source, name in ((REAL, "insights"), (DEMO, "insights_demo")):
        databases = open_databases(state_dir, {}, source)
        assert databases.insights_url == cluster.url(name)
        with psycopg.connect(databases.insights_url) as connection:
            connection.execute("create table kept ()")

    def is_kept(source: Source) -> bool:
        with psycopg.connect(open_databases(state_dir, {}, source).insights_url) as connection:
            row = connection.execute("select to_regclass('kept') is not null").fetchone()
        return bool(row and row[0])

    assert is_kept(DEMO)
    assert not is_kept(replace(DEMO, is_new_demo=True))
    assert is_kept(REAL)


def test_a_server_that_refuses_is_an_error_without_the_password(cluster: Cluster, tmp_path: Path) -> None:
    wrong = f"postgresql://postgres:secret-word@127.0.0.1:{cluster.port}/insights"
    with pytest.raises(LocalError, match=r"127\.0\.0\.1 cannot be used.*password authentication failed") as caught:
        open_databases(tmp_path, {"SESSION_INSIGHTS_DATABASE_URL": wrong}, REAL)
    assert "secret-word" not in str(caught.value)


def test_an_account_that_may_make_no_database_is_told_which_to_have_made(cluster: Cluster, tmp_path: Path) -> None:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("create role guest login password 'guest'")
    try:
        named = f"postgresql://guest:guest@127.0.0.1:{cluster.port}/guest_insights"
        with pytest.raises(LocalError, match='create database "guest_insights"'):
            open_databases(tmp_path, {"SESSION_INSIGHTS_DATABASE_URL": named}, REAL)
    finally:
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
            admin.execute("drop role guest")


@pytest.mark.parametrize("url", ["mysql://db/insights", "postgresql://db:5432", "insights"])
def test_another_kind_of_address_is_an_error(url: str, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="must read postgresql://"):
        open_databases(tmp_path, {"SESSION_INSIGHTS_DATABASE_URL": url}, REAL)
