"""Both databases and their roles on a Postgres server, made or brought up to date; run it as often as you like.

    ADMIN_DATABASE_URL=postgresql://postgres:…@host:5432/postgres python deploy/databases.py

The administrator may be a superuser or a role that may make roles and databases. Passwords come from the environment;
a changed one counts from the next run on. Our three roles get their rights from `session-insights migrate`.
"""

from __future__ import annotations

import os
import sys

import psycopg
from psycopg import sql

# Role → the variable with its password.
ROLES = {
    "airflow": "AIRFLOW_DB_PASSWORD",
    "session_insights_owner": "INSIGHTS_OWNER_PASSWORD",  # makes and changes tables
    "session_insights_app": "INSIGHTS_APP_PASSWORD",  # the DAGs: rows
    "session_insights_reader": "INSIGHTS_READER_PASSWORD",  # the dashboard: reads
}
# Database → its owner and who else may enter.
DATABASES = {
    "airflow": ("airflow", []),
    "insights": ("session_insights_owner", ["session_insights_app", "session_insights_reader"]),
}


def main() -> int:
    missing = [name for name in ("ADMIN_DATABASE_URL", *ROLES.values()) if not os.environ.get(name)]
    if missing:
        print(f"not set: {', '.join(missing)}; see deploy/make-env.sh", file=sys.stderr)
        return 2
    with psycopg.connect(os.environ["ADMIN_DATABASE_URL"], autocommit=True, connect_timeout=10) as connection:
        for role, variable in ROLES.items():
            save_role(connection, role, os.environ[variable])
        for database, (owner, others) in DATABASES.items():
            save_database(connection, database, owner, others)
    return 0


def save_role(connection: psycopg.Connection, role: str, password: str) -> None:
    """Make a role that may sign in, or give it its password anew."""
    is_there = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    # Hashed here: the server's log may show the statement.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = "alter role {} login password {}" if is_there else "create role {} login password {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(hashed)))


def save_database(connection: psycopg.Connection, database: str, owner: str, others: list[str]) -> None:
    """Make a database that only these roles may enter."""
    name, role = sql.Identifier(database), sql.Identifier(owner)
    if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        # Whoever is no superuser makes databases for its own roles alone.
        connection.execute(sql.SQL("grant {} to current_user").format(role))
        connection.execute(sql.SQL("create database {} owner {}").format(name, role))
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    for other in others:
        connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(name, sql.Identifier(other)))


if __name__ == "__main__":
    sys.exit(main())
