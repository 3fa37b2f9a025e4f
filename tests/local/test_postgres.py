"""The embedded Postgres: started, found again, recovered, closed to others."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from pathlib import Path

import psutil
import psycopg
import pytest

from local.postgres import (
    Cluster,
    create_database,
    find_postgres,
    remove_postgres,
    start_postgres,
    stop_postgres,
)
from local.postgres_home import find_postgres_home


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data_dir / "postmaster.pid").read_text().splitlines()[0])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def one(cluster: Cluster, query: str) -> object:
    with psycopg.connect(cluster.url("postgres")) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type,call-overload,unused-ignore]
    return None if row is None else row[0]


def test_a_second_start_finds_the_running_server(cluster: Cluster, state_dir: Path) -> None:
    first = postmaster(cluster)
    assert start_postgres(state_dir, durable=False) == cluster
    assert postmaster(cluster) == first


def test_the_server_is_version_18_with_utf8_and_utc(cluster: Cluster) -> None:
    assert one(cluster, "select current_setting('server_version_num')::int / 10000") == 18
    assert one(cluster, "select current_setting('server_encoding')") == "UTF8"
    assert one(cluster, "select current_setting('TimeZone')") == "UTC"
    assert one(cluster, "select lower('ÄÖ')") == "äö"


def test_a_wrong_password_is_refused(cluster: Cluster) -> None:
    wrong = Cluster(cluster.port, "wrong", cluster.data_dir, cluster.log)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong.url("postgres"))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{cluster.port}/postgres")


def test_the_password_shows_in_no_repr(cluster: Cluster) -> None:
    assert cluster.password not in repr(cluster)


def test_the_server_listens_on_loopback_and_on_no_unix_socket(cluster: Cluster) -> None:
    listening = [c for c in psutil.Process(postmaster(cluster)).net_connections("all") if c.status == "LISTEN"]
    assert [(c.family, c.laddr.ip, c.laddr.port) for c in listening] == [(socket.AF_INET, "127.0.0.1", cluster.port)]
    assert one(cluster, "select current_setting('unix_socket_directories')") == ""


def test_folders_and_password_are_private(cluster: Cluster, state_dir: Path) -> None:
    assert mode(state_dir) == 0o700
    assert mode(state_dir / "postgres") == 0o700
    assert mode(state_dir / "postgres" / "password") == 0o600
    assert mode(cluster.data_dir) == 0o700
    assert mode(cluster.data_dir.parent) == 0o700
    assert mode(cluster.log) == 0o600
    assert not (cluster.data_dir.parent / "password").exists()


def test_the_server_does_not_run_as_root(cluster: Cluster) -> None:
    process = psutil.Process(postmaster(cluster))
    assert process.uids().real != 0
    assert cluster.data_dir.stat().st_uid == process.uids().real


def test_a_database_is_made_once(cluster: Cluster) -> None:
    assert create_database(cluster.url("postgres"), "odd name")
    assert not create_database(cluster.url("postgres"), "odd name")
    with psycopg.connect(cluster.url("odd name")) as connection:
        assert connection.info.dbname == "odd name"


def test_data_survives_a_killed_server(cluster: Cluster, state_dir: Path) -> None:
    stop_postgres(state_dir)
    durable = start_postgres(state_dir)
    with psycopg.connect(durable.url("postgres"), autocommit=True) as connection:
        connection.execute("create table survivor as select 42 as answer")
        # An open session keeps a child alive for a moment after the main process.
        os.kill(postmaster(durable), signal.SIGKILL)
    assert find_postgres(state_dir) is None
    again = start_postgres(state_dir, durable=False)
    assert one(again, "select answer from survivor") == 42
    assert again.port == cluster.port


def test_a_stale_pid_file_with_the_number_of_another_program_is_no_obstacle(cluster: Cluster, state_dir: Path) -> None:
    left = (cluster.data_dir / "postmaster.pid").read_text().splitlines()
    assert stop_postgres(state_dir)
    # As after a power cut, when the number was given to another program: here to this one.
    (cluster.data_dir / "postmaster.pid").write_text("\n".join([str(os.getpid()), *left[1:]]) + "\n")
    assert find_postgres(state_dir) is None
    assert not stop_postgres(state_dir)
    assert one(start_postgres(state_dir, durable=False), "select 1") == 1


def test_a_taken_port_is_left_to_its_owner(cluster: Cluster, state_dir: Path) -> None:
    assert stop_postgres(state_dir)
    with socket.create_server(("127.0.0.1", cluster.port)):
        moved = start_postgres(state_dir, durable=False)
        assert moved.port != cluster.port
        assert one(moved, "select 1") == 1
        assert json.loads((state_dir / "postgres" / "cluster.json").read_text()) == {"port": moved.port}


def test_stop_leaves_no_process_and_says_when_there_was_none(cluster: Cluster, state_dir: Path) -> None:
    process = psutil.Process(postmaster(cluster))
    family = [process, *process.children(recursive=True)]
    assert stop_postgres(state_dir)
    assert not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert not stop_postgres(state_dir)


def test_remove_leaves_no_data(tmp_path: Path) -> None:
    start_postgres(tmp_path, durable=False)
    folder = find_postgres_home(tmp_path).folder
    remove_postgres(tmp_path)
    assert not folder.exists()
    assert not (tmp_path / "postgres").exists()
