"""Three roles of least privilege: the owner migrates, the DAGs write rows, the dashboard reads."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from local.postgres import Cluster
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import Connection, connect, execute
from session_insights.store.migrations import migrate
from tests.dashboard.conftest import OpenClient, open_client, profile  # noqa: F401
from tests.deploy.composed import program_folders
from tests.deploy.conftest import APP, OWNER, READER, ROOT, Server, drop_databases, make_databases
from tests.helpers import sync_folder
from tests.integration.conftest import Shell, folder  # noqa: F401

MIGRATIONS = find_include_dir(Settings()) / "sql" / "migrations"


@pytest.fixture(scope="module")
def migrated(server: Server) -> Server:
    assert server.shell(OWNER).run("migrate").returncode == 0
    return server


@pytest.fixture
def app(migrated: Server, tmp_path: Path) -> Shell:
    return migrated.shell(
        APP,
        HOME=str(tmp_path),
        SESSION_INSIGHTS_REPORTS_DIR=str(tmp_path / "reports"),
        SESSION_INSIGHTS_ARCHIVE=str(tmp_path / "archive"),
        SESSION_INSIGHTS_READER="offline",
    )


def test_the_app_is_told_who_has_to_migrate_and_may_look_once_it_is_done(server: Server) -> None:
    done = server.shell(APP).run("migrate")
    assert done.returncode == 2
    assert f"Role {APP} may not change the tables, and 0001_create_transcripts, " in done.stderr
    assert "as the owner of the schema insights" in done.stderr
    assert server.shell(OWNER).run("migrate").returncode == 0
    assert server.shell(APP).run("migrate").returncode == 0


def test_the_app_goes_the_whole_way_of_a_record(app: Shell, folder: Path) -> None:  # noqa: F811
    assert app.json("sync", "--source", str(folder), "--machine", "laptop")["session_count"] == 5
    assert app.json("extract", "--limit", "50")["ok_count"] == 5
    for period in ("weekly", "monthly"):
        report = app.json("report", "--period", period, "--since", "2026-11-01", "--until", "2026-11-30")
        assert Path(report["path"]).is_file()
    app.json("correct", "session-1", "--set", "outcome=not_achieved", "--note", "never sent")
    app.json("correct", "session-1", "--undo", "outcome")
    app.json("sync", "--from-archive")
    app.json("purge", "--session-id", "session-2")
    app.json("purge", "--person", "Maya Brooks")


@pytest.mark.parametrize(
    "statement",
    [
        "create table insights.mine (id integer)",
        "create table public.mine (id integer)",
        "create schema mine",
        "alter table insights.claude_sessions add column mine text",
        "drop table insights.anomalies",
        "truncate insights.session_entries",
        "update insights.schema_migrations set sha256 = ''",
        "alter role session_insights_app superuser",
        "create or replace function insights.count_change() returns trigger language sql as 'select null'",
    ],
)
def test_the_app_changes_rows_and_nothing_else(migrated: Server, statement: str) -> None:
    with psycopg.connect(migrated.url(APP)) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("role", [APP, READER])
def test_no_role_of_ours_enters_the_database_of_airflow(migrated: Server, role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(migrated.url(role, "airflow"))


def test_a_role_that_nobody_named_does_not_enter(migrated: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(migrated.url("airflow", "insights"))


def test_the_reader_opens_every_page_and_writes_nothing(
    migrated: Server,
    app: Shell,
    folder: Path,  # noqa: F811
    open_client: OpenClient,  # noqa: F811
) -> None:
    app.json("sync", "--source", str(folder), "--machine", "laptop")
    app.json("extract", "--limit", "50", "--reader", "offline")
    client = open_client(migrated.url(READER))
    days = "?since=2026-11-01&until=2026-11-30"
    for page in ("/", "/sessions", "/sessions/session-1", "/reports", "/health"):
        answer = client.get(f"{page}{days}")
        assert answer.status_code == 200, f"{page}: {answer.text[:300]}"
    with psycopg.connect(migrated.url(READER)) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("delete from insights.session_facets")


def test_a_table_of_a_later_migration_is_granted_by_its_own_migrate(migrated: Server, tmp_path: Path) -> None:
    later = Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
    (later / "9000_add_notes.sql").write_text("create table insights.notes (id bigint generated always as identity)")
    with connect(migrated.url(OWNER)) as owner:
        assert migrate(owner, later) == ["9000_add_notes"]
    try:
        with connect(migrated.url(APP)) as app:
            execute(app, "insert into insights.notes default values")
        with connect(migrated.url(READER)) as reader:
            assert execute(reader, "select count(*) as n from insights.notes") == [{"n": 1}]
    finally:
        with connect(migrated.url(OWNER)) as owner:
            owner.execute("drop table insights.notes")
            owner.execute("delete from insights.schema_migrations where number = 9000")


def test_there_is_no_second_way_by_which_tables_are_granted(migrated: Server) -> None:
    with connect(migrated.url(OWNER)) as owner:
        assert execute(owner, "select * from pg_default_acl") == []


def test_a_changed_password_counts_from_the_next_run_on(migrated: Server) -> None:
    admin = migrated.cluster.url("postgres")
    try:
        assert make_databases(admin, INSIGHTS_APP_PASSWORD="app-2").returncode == 0
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(migrated.url(APP))
    finally:
        assert make_databases(admin).returncode == 0
    psycopg.connect(migrated.url(APP)).close()


def test_the_history_of_a_laptop_comes_along_as_the_readme_says(
    migrated: Server,
    database_url: str,
    connection: Connection,
    tmp_path: Path,
    folder: Path,  # noqa: F811
) -> None:
    sync_folder(connection, folder)
    block = (ROOT / "README.md").read_text("utf-8").partition("**Your history comes along.**")[2].split("```")[1]
    words = shlex.split(block.replace("\\\n", " ").replace("|\n", "| "), comments=True)
    end, pipe, command = words.index("docker", words.index("|") + 5), words.index("|"), words.index("psql")
    dump, restore = words[words.index("--schema=insights") : pipe], words[command + 1 : end]
    programs = program_folders()[-1]
    address = migrated.cluster.url("insights").rpartition("/")[0]
    copied = subprocess.run([programs / "pg_dump", *dump[:-1], database_url], capture_output=True, check=True)
    done = subprocess.run(
        [programs / "psql", *(word for word in restore if not word.startswith("--dbname")), f"{address}/insights"],
        input=copied.stdout,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert migrated.shell(OWNER).run("migrate").returncode == 0
    with connect(migrated.url(APP)) as app:
        assert len(execute(app, "select id from insights.claude_sessions")) == 5
    # What it was made by is not what owns it now.
    with connect(migrated.url(OWNER)) as owner:
        owners = execute(owner, "select distinct tableowner from pg_tables where schemaname = 'insights'")
    assert owners == [{"tableowner": OWNER}]


def test_a_missing_password_is_named_before_anything_is_done(own_cluster: Cluster) -> None:
    done = make_databases(own_cluster.url("postgres"), INSIGHTS_APP_PASSWORD="")
    assert (done.returncode, done.stderr) == (2, "not set: INSIGHTS_APP_PASSWORD; see deploy/make-env.sh\n")


def test_an_administrator_without_superpowers_is_enough(own_cluster: Cluster) -> None:
    drop_databases(own_cluster)
    with psycopg.connect(own_cluster.url("postgres"), autocommit=True) as admin:
        admin.execute("create role hosted_admin login createrole createdb password 'hosted'")
        try:
            done = make_databases(f"postgresql://hosted_admin:hosted@{own_cluster.host}:{own_cluster.port}/postgres")
            assert done.returncode == 0, done.stderr
            assert Server(own_cluster).shell(OWNER).run("migrate").returncode == 0
        finally:
            drop_databases(own_cluster)
            admin.execute("drop role hosted_admin")
