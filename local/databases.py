"""The two databases, Airflow's and ours: on the embedded server, or on one that the user names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from local.postgres import Cluster, create_database, start_postgres
from local.sources import Source
from local.state import LocalError

AIRFLOW_DATABASE = "airflow"
INSIGHTS_DATABASE = "insights"


@dataclass(frozen=True)
class Databases:
    """Addresses of both, with their passwords."""

    insights_url: str = field(repr=False)
    airflow_url: str = field(repr=False)
    where: str  # for people, without a password


def open_databases(state_dir: Path, environment: Mapping[str, str], source: Source) -> Databases:
    """Start or reach the server and make both databases if they are not there.

    Demo sessions live in a database of their own, so that they never mix with real ones.
    """
    if named := environment.get("SESSION_INSIGHTS_DATABASE_URL", "").strip():
        return _open_named(named, is_demo=source.is_demo)
    cluster = start_postgres(state_dir)
    name = INSIGHTS_DATABASE + ("_demo" if source.is_demo else "")
    server_url = cluster.url("postgres")
    if source.is_new_demo:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    for each in (AIRFLOW_DATABASE, name):
        create_database(server_url, each)
    return Databases(cluster.url(name), cluster.url(AIRFLOW_DATABASE), _describe(cluster, name))


def as_connection_json(url: str) -> str:
    """Write a database address as the JSON of an Airflow Connection."""
    given = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    connection: dict[str, object] = {
        "conn_type": "postgres",
        "host": given.pop("host", "localhost"),
        "port": int(given.pop("port", 5432)),
        "login": given.pop("user", ""),
        "password": given.pop("password", ""),
        "schema": given.pop("dbname", ""),
    }
    return json.dumps(connection | ({"extra": given} if given else {}))


def as_sqlalchemy_url(url: str) -> str:
    """Write a database address with the driver that Airflow uses for its own tables."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg2"))


def replace_database(url: str, name: str) -> str:
    """Point a database address at another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(name, safe="")))


def _open_named(url: str, *, is_demo: bool) -> Databases:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise LocalError("SESSION_INSIGHTS_DATABASE_URL must read postgresql://user:password@host:5432/database")
    name = _database_of(url)
    if is_demo:
        name = f"{name}_demo"
    insights_url, airflow_url = replace_database(url, name), replace_database(url, AIRFLOW_DATABASE)
    for target in (insights_url, airflow_url):
        _reach_or_create(url, target)
    return Databases(insights_url, airflow_url, f"{name} on {parts.hostname or 'localhost'}:{parts.port or 5432}")


def _database_of(url: str) -> str:
    return unquote(urlsplit(url).path.strip("/"))


def _reach_or_create(url: str, target: str) -> None:
    """Make sure that a database of a named server is there; the user may be allowed no more than to use it."""
    name = _database_of(target)
    host = urlsplit(target).hostname or "localhost"
    try:
        psycopg.connect(target, connect_timeout=10).close()
        return
    except psycopg.OperationalError as error:
        if f'database "{name}" does not exist' not in str(error):
            raise LocalError(f"SESSION_INSIGHTS_DATABASE_URL: {host} cannot be used: {str(error).strip()}") from error
    for door in (replace_database(url, "postgres"), url):
        try:
            create_database(door, name)
            return
        except psycopg.Error as error:
            reason = str(error).strip()
    raise LocalError(
        f'database "{name}" is missing on {host} and cannot be made ({reason}): '
        f'have it made with `create database "{name}"`'
    )


def _describe(cluster: Cluster, name: str) -> str:
    return f"{name} on {cluster.host}:{cluster.port}"
