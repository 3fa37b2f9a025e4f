"""A database of an earlier release, with its data, becomes one of today; and so does a restored backup.

`upgrades/after_N.sql` is what the code as of migration N made of `release_week`, as pg_dump wrote it. A release adds
a file of its own; none is changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from local.postgres import Cluster
from local.postgres_home import find_binaries
from session_insights.settings import Settings, find_include_dir
from session_insights.stages import extraction, keeping, reporting
from session_insights.stages.measuring import load_counts
from session_insights.store import figures
from session_insights.store.database import Connection, connect, execute
from session_insights.store.migrations import migrate
from session_insights.windows import Window
from tests.dumping import dump_rows
from tests.helpers import dump_tables, sample_profile, sync_folder
from tests.store.release_week import write_release_week

MIGRATIONS = find_include_dir(Settings()) / "sql" / "migrations"
RELEASES = sorted((Path(__file__).parent / "upgrades").glob("after_*.sql"))
WEEK = Window(date(2026, 11, 15), date(2026, 11, 22))


@pytest.fixture
def empty_url(cluster: Cluster) -> Iterator[str]:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("create database upgraded")
    yield cluster.url("upgraded")
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("drop database upgraded with (force)")


def run_program(program: str, url: str, *options: str) -> None:
    """As docs/operations.md says: the password travels in the environment, where no list of processes shows it."""
    parts = urlsplit(url)
    environment = os.environ | {"PGPASSWORD": parts.password or ""}
    open_url = url.replace(f":{parts.password}@", "@")
    command = [str(find_binaries() / program), *options, "--dbname", open_url]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def load_week(connection: Connection) -> dict[str, Any]:
    """Every figure of the week, computed now; but which version of a reader's question a session was read with."""
    names = [name for name in reporting.aggregate_names("weekly") if name != "readers_by_day"]
    return {name: figures.load_rows(connection, name, WEEK) for name in names}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_database_of_an_earlier_release_has_the_figures_of_a_new_one_after_its_migrations(
    release: Path, empty_url: str, connection: Connection, tmp_path: Path
) -> None:
    run_program("psql", empty_url, "--quiet", "--set=ON_ERROR_STOP=1", "--file", str(release))
    write_release_week(tmp_path / "projects")
    sync_folder(connection, tmp_path / "projects")
    read_all(connection)
    with connect(empty_url) as upgraded:
        [before] = execute(upgraded, "select metrics from insights.insights_snapshots")
        applied = migrate(upgraded, MIGRATIONS)
        assert applied == sorted(path.stem for path in MIGRATIONS.glob("*.sql"))[-len(applied) :]
        assert load_week(upgraded) == load_week(connection)
        [summary] = load_week(upgraded)["summary"]
        assert (summary["session_count"], summary["read_count"], summary["human_prompt_count"]) == (3, 3, 7)
        counted = "select session_id, activity_date, human_prompt_count, active_minutes, total from ("
        counted += "select *, input_tokens + output_tokens as total from insights.session_days) as d order by 1, 2"
        assert execute(upgraded, counted) == execute(connection, counted)
        assert execute(upgraded, "select metrics from insights.insights_snapshots") == [before]
        assert load_counts(upgraded, Settings())["unread_count"] == 0
        words = "select session_id from insights.session_search where words @@ to_tsquery('lease') order by 1"
        assert execute(upgraded, words) == [{"session_id": "three"}]
        assert migrate(upgraded, MIGRATIONS) == []


def read_all(connection: Connection) -> None:
    settings = Settings(reader="offline", quiet_minutes=0)
    options: dict[str, Any] = {"settings": settings, "profile": sample_profile(), "claude": None}
    for session in extraction.select_sessions(connection, {}, **options):
        extraction.extract_facets(connection, session.session_id, {}, **options)


def test_of_two_starters_exactly_one_applies_the_migrations_of_an_earlier_release(empty_url: str) -> None:
    run_program("psql", empty_url, "--quiet", "--set=ON_ERROR_STOP=1", "--file", str(RELEASES[0]))
    gate = threading.Barrier(4)
    applied: list[list[str]] = []

    def start() -> None:
        with connect(empty_url) as connection:
            gate.wait()
            applied.append(migrate(connection, MIGRATIONS))

    starters = [threading.Thread(target=start) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(applied) == 4
    [once] = [names for names in applied if names]
    assert len(once) == len(list(MIGRATIONS.glob("*.sql"))) - 6


def test_of_two_starters_on_an_empty_database_exactly_one_makes_the_tables(empty_url: str) -> None:
    gate = threading.Barrier(2)
    applied: list[list[str]] = []

    def start() -> None:
        with connect(empty_url) as connection:
            gate.wait()
            applied.append(migrate(connection, MIGRATIONS))

    starters = [threading.Thread(target=start) for _ in range(2)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert sorted(map(len, applied)) == [0, len(list(MIGRATIONS.glob("*.sql")))]


def test_a_restored_backup_has_every_row_and_figure_and_the_next_sync_reads_nothing(
    connection: Connection, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    projects, settings = tmp_path / "projects", Settings(archive=tmp_path / "archive")
    write_release_week(projects)
    sync_folder(connection, projects, settings=settings)
    read_all(connection)
    before, week = dump_tables(connection), load_week(connection)
    dump, copy = tmp_path / "insights.dump", tmp_path / "copied"
    run_program("pg_dump", database_url, "--format=custom", "--no-owner", "--file", str(dump))
    shutil.copytree(tmp_path / "archive", copy)
    run_program("pg_restore", empty_url, "--no-owner", "--single-transaction", "--exit-on-error", str(dump))
    with connect(empty_url) as restored:
        assert dump_tables(restored) == before
        assert load_week(restored) == week
        assert migrate(restored, MIGRATIONS) == []
        synced = sync_folder(restored, projects, settings=Settings(archive=copy))
        assert (synced["found_count"], synced["read_count"], synced["archived_count"]) == (4, 0, 0)
        rows = dump_rows(restored)
        shutil.rmtree(projects)
        profile = sample_profile()
        again = keeping.resync_from_archive(restored, profile=profile, settings=Settings(archive=copy), processes=1)
        assert (again["read_count"], again["failed_count"]) == (4, 0)
        assert dump_rows(restored) == rows
