"""Numbered SQL files, each applied once, in order, with its checksum kept; then what our roles may do."""

from __future__ import annotations

import hashlib
from pathlib import Path

from session_insights.errors import SettingsError
from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql

_LOCK = 7305102  # any number; two starters wait for each other

_LEDGER = """
create schema if not exists insights;
create table if not exists insights.schema_migrations (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now()
);
"""
# Who owns the schema, or may make it where there is none.
_MAY_MIGRATE = """
select
    current_user as role,
    coalesce(
        (select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = 'insights'),
        has_database_privilege(current_database(), 'create')
    ) as is_allowed
"""


def migrate(connection: Connection, folder: Path) -> list[str]:
    """Apply what is missing and grant our roles what they need. For a role that may not, only look.

    Returns:
        Names of the files applied now, in order.

    Raises:
        SettingsError: A file that was applied has changed or is gone, or this role may not apply what is missing.
    """
    applied = []
    [migrator] = execute(connection, _MAY_MIGRATE)
    if not migrator["is_allowed"]:
        if pending := pending_migrations(connection, folder):
            raise SettingsError(
                f"Role {migrator['role']} may not change the tables, and {', '.join(pending)} are to be applied: run "
                "`session-insights migrate` as the owner of the schema insights, then try again."
            )
        return []
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_LEDGER)
        known = {row["number"]: row for row in execute(connection, "select * from insights.schema_migrations")}
        files = sorted(folder.glob("[0-9]*.sql"))
        gone = set(known) - {int(path.name.split("_")[0]) for path in files}
        if gone:
            raise SettingsError(f"Migrations {sorted(gone)} were applied but are not in {folder}; is this older code?")
        for path in files:
            number = int(path.name.split("_")[0])
            text = path.read_text(encoding="utf-8")
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            if number in known:
                if known[number]["sha256"] != sha256:
                    raise SettingsError(f"Migration {path.name} has changed since it was applied; add a new one.")
                continue
            connection.execute(text.encode())
            connection.execute(
                "insert into insights.schema_migrations (number, name, sha256) values (%s, %s, %s)",
                [number, path.stem, sha256],
            )
            applied.append(path.stem)
        execute(connection, load_sql("privileges"))
    return applied


def pending_migrations(connection: Connection, folder: Path) -> list[str]:
    """Names of the files that were not applied yet, in order; reads only."""
    [ledger] = execute(connection, "select to_regclass('insights.schema_migrations') is not null as is_there")
    rows = execute(connection, "select name from insights.schema_migrations") if ledger["is_there"] else []
    known = {row["name"] for row in rows}
    return [path.stem for path in sorted(folder.glob("[0-9]*.sql")) if path.stem not in known]
