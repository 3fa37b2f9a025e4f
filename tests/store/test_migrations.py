"""Migrations, their ledger, and the snapshot of what they make."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from local.postgres import Cluster
from local.postgres_home import find_postgres_home
from local.schema import dump_schema
from session_insights.errors import SettingsError
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import Connection, connect, execute
from session_insights.store.migrations import migrate

MIGRATIONS = find_include_dir(Settings()) / "sql" / "migrations"


@pytest.fixture
def own_migrations(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_a_second_migrate_does_nothing(connection: Connection) -> None:
    before = execute(connection, "select * from insights.schema_migrations order by number")
    assert migrate(connection, MIGRATIONS) == []
    assert execute(connection, "select * from insights.schema_migrations order by number") == before
    assert len(before) == len(list(MIGRATIONS.glob("*.sql")))


def test_a_new_migration_is_applied_alone(connection: Connection, own_migrations: Path) -> None:
    (own_migrations / "9000_add_note.sql").write_text("create table insights.notes (id integer);")
    assert migrate(connection, own_migrations) == ["9000_add_note"]
    assert execute(connection, "select * from insights.notes") == []


def test_a_migration_that_changed_after_it_was_applied_is_refused(connection: Connection, own_migrations: Path) -> None:
    first = min(own_migrations.glob("*.sql"))
    first.write_text(first.read_text() + "-- changed")
    with pytest.raises(SettingsError, match=rf"{first.name} has changed"):
        migrate(connection, own_migrations)


def test_a_database_newer_than_the_code_is_refused(connection: Connection, own_migrations: Path) -> None:
    max(own_migrations.glob("*.sql")).unlink()
    with pytest.raises(SettingsError, match="older code"):
        migrate(connection, own_migrations)


def test_a_migration_that_fails_takes_those_of_the_same_run_with_it(
    connection: Connection, own_migrations: Path
) -> None:
    (own_migrations / "9000_add_half.sql").write_text("create table insights.half (id integer);")
    (own_migrations / "9001_break.sql").write_text("select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(connection, own_migrations)
    assert execute(connection, "select to_regclass('insights.half') as found") == [{"found": None}]


def test_the_snapshot_shows_what_the_migrations_make(cluster: Cluster, database_url: str, state_dir: Path) -> None:
    snapshot = (MIGRATIONS.parent / "schema.sql").read_text(encoding="utf-8")
    assert dump_schema(find_postgres_home(state_dir), database_url) == snapshot, "run `make schema`"


def test_every_table_of_the_design_is_there(connection: Connection) -> None:
    rows = execute(connection, "select tablename from pg_tables where schemaname = 'insights'")
    assert {row["tablename"] for row in rows} == {
        "transcript_files",
        "claude_sessions",
        "session_messages",
        "session_entries",
        "session_days",
        "session_tools",
        "session_models",
        "day_facts",
        "session_facets",
        "facet_extractions",
        "insights_snapshots",
        "anomalies",
        "facet_corrections",
        "purged_people",
        "notifications",
        "schema_migrations",
        "session_search",
        "transcript_archive",
        "purged_sessions",
        "facet_batches",
        "facet_batch_requests",
        "narrative_calls",
        "data_versions",
        "team_members",
        "team_machines",
        "team_rules",
    }


def test_no_database_is_an_error_that_says_how_to_name_one() -> None:
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_DATABASE_URL"):
        connect(None)
