"""An embedded Postgres for one machine: started, found again, recovered and stopped by its state folder.

The server comes from a Python package, listens on 127.0.0.1 alone and asks for a generated password.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from local.postgres_home import PostgresHome, find_postgres_home, make_postgres_home
from local.state import (
    LocalError,
    find_free_port,
    hold_lock,
    is_port_free,
    load_or_make_secret,
    make_private_folder,
    write_private_file,
)

PREFERRED_PORT = 54329
START_SECONDS = 60
STOP_SECONDS = 30

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    # Nothing replicates this cluster; bulk loads into new tables skip the log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Nobody else keeps its log small: a line every 5 minutes is left out.
    "log_checkpoints": "off",
}
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


@dataclass(frozen=True)
class Cluster:
    """A running Postgres server."""

    port: int
    password: str = field(repr=False)
    data_dir: Path
    log: Path
    host: str = "127.0.0.1"
    user: str = "postgres"

    def url(self, database: str) -> str:
        """Return the address of one of its databases, with the password."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(database, safe='')}"


def start_postgres(state_dir: Path, *, durable: bool = True) -> Cluster:
    """Start the cluster of a state folder, or return it at once if it runs.

    Args:
        state_dir: Keeps the password and the port; for an ordinary user also the data.
        durable: False gives up safety against a crash of the machine for speed: for tests.
    """
    folder = make_private_folder(make_private_folder(state_dir) / "postgres")
    with hold_lock(folder / "lock"):
        password = load_or_make_secret(folder / "password")
        if (running := find_postgres(state_dir)) is not None:
            return running
        home = make_postgres_home(state_dir)
        if not (home.data / "PG_VERSION").exists():
            _initialise(home, password, durable=durable)
        _clear_crash(home)
        return _start(home, folder, password, durable=durable)


def stop_postgres(state_dir: Path) -> bool:
    """Stop the cluster of a state folder; False if none was running."""
    if not (state_dir / "postgres").is_dir():
        return False
    with hold_lock(state_dir / "postgres" / "lock"):
        home = find_postgres_home(state_dir)
        if _find_postmaster(home) is None:
            return False
        # Fast ends open sessions; immediate is for a server that does not answer, and is recovered by the next start.
        for mode in ("fast", "immediate"):
            home.run(
                "pg_ctl", "stop", f"--pgdata={home.data}", f"--mode={mode}", f"--timeout={STOP_SECONDS}", timeout=90
            )
            if _find_postmaster(home) is None:
                return True
        raise LocalError(f"Postgres in {home.data} does not stop; see {home.log}")


def remove_postgres(state_dir: Path) -> None:
    """Stop the cluster of a state folder and delete all its data."""
    stop_postgres(state_dir)
    shutil.rmtree(find_postgres_home(state_dir).folder, ignore_errors=True)
    shutil.rmtree(state_dir / "postgres", ignore_errors=True)


def find_postgres(state_dir: Path) -> Cluster | None:
    """Return the cluster of a state folder if it runs and answers."""
    folder = state_dir / "postgres"
    if not ((folder / "cluster.json").exists() and (folder / "password").exists()):
        return None
    home = find_postgres_home(state_dir)
    if _find_postmaster(home) is None:
        return None
    port = json.loads((folder / "cluster.json").read_text())["port"]
    cluster = Cluster(port, (folder / "password").read_text().strip(), home.data, home.log)
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(cluster.url("postgres"), connect_timeout=5).close()
        return cluster
    return None


def create_database(server_url: str, name: str) -> bool:
    """Make a database on the server that an address leads to; False if it was there."""
    with psycopg.connect(server_url, autocommit=True, connect_timeout=10) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return False
        with contextlib.suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return True


def _initialise(home: PostgresHome, password: str, *, durable: bool) -> None:
    # What an interrupted initdb left behind holds no data yet: PG_VERSION is checked by the caller.
    shutil.rmtree(home.data, ignore_errors=True)
    password_file = home.folder / "password"
    write_private_file(password_file, password + "\n")
    if home.user is not None:
        os.chown(password_file, home.user.pw_uid, home.user.pw_gid, follow_symlinks=False)
    try:
        made = home.run(
            "initdb",
            f"--pgdata={home.data}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if durable else ["--no-sync"]),
        )
    finally:
        password_file.unlink()
    if made.returncode != 0:
        shutil.rmtree(home.data, ignore_errors=True)
        raise LocalError(f"Postgres could not make its data folder {home.data}: {made.stderr.strip()}")


def _start(home: PostgresHome, folder: Path, password: str, *, durable: bool) -> Cluster:
    for _ in range(3):
        port = _choose_port(folder)
        write_private_file(folder / "cluster.json", json.dumps({"port": port}) + "\n")
        settings = SETTINGS | ({} if durable else FAST_SETTINGS) | {"port": str(port)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        started_at = home.log.stat().st_size if home.log.exists() else 0
        done = home.run(
            "pg_ctl",
            "start",
            "--wait",
            f"--timeout={START_SECONDS}",
            f"--pgdata={home.data}",
            f"--log={home.log}",
            f"--options={options}",
            timeout=START_SECONDS + 30,
        )
        if done.returncode == 0:
            return Cluster(port, password, home.data, home.log)
        said = home.log.read_bytes()[started_at:].decode(errors="replace") if home.log.exists() else done.stderr
        # Somebody took the port between our look and the start: look again.
        if "Address already in use" not in said:
            break
    tail = "\n".join(said.strip().splitlines()[-20:])
    raise LocalError(f"Postgres does not start. The last lines of {home.log}:\n{tail}")


def _choose_port(folder: Path) -> int:
    """Keep the port of the last start as long as nobody else listens there."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        kept = int(json.loads((folder / "cluster.json").read_text())["port"])
        if is_port_free(kept):
            return kept
    return find_free_port(PREFERRED_PORT)


def _find_postmaster(home: PostgresHome) -> psutil.Process | None:
    """Return the server's main process if the one named in postmaster.pid is alive and is this cluster's."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        lines = (home.data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        # A zombie is a server that has ended; another program is one that was given its number.
        if process.status() != psutil.STATUS_ZOMBIE and _is_server_of(process, home):
            return process
    return None


def _is_server_of(process: psutil.Process, home: PostgresHome) -> bool:
    command = process.cmdline()
    return bool(command) and Path(command[0]).name == "postgres" and str(home.data) in command


def _clear_crash(home: PostgresHome) -> None:
    """Make way after a crash: end a server that does not answer, wait for orphans, drop a stale postmaster.pid."""
    if _find_postmaster(home) is not None:
        home.run("pg_ctl", "stop", f"--pgdata={home.data}", "--mode=immediate", "--timeout=20", timeout=60)
    # After a kill -9 of the main process its children see it and end by themselves; the data is theirs until then.
    deadline = time.monotonic() + 20
    while (orphans := _find_orphans(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if orphans:
        raise LocalError(f"processes {orphans} still use {home.data}: end them, then start again")
    with contextlib.suppress(FileNotFoundError):
        (home.data / "postmaster.pid").unlink()


def _find_orphans(home: PostgresHome) -> list[int]:
    """Find server processes that work in this data folder; a child's working folder tells, its name does not."""
    orphans = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == "postgres" and Path(process.cwd()) == home.data.resolve():
                orphans.append(process.pid)
    return orphans
