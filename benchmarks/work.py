"""What an operation makes Postgres do: counted by the server, not timed alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from session_insights.store.database import Connection, execute

_LONG_MS = 5_000
_COUNTS = """
select
    io.relname as table_name,
    (
        heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)
        + coalesce(toast_blks_read + toast_blks_hit + tidx_blks_read + tidx_blks_hit, 0)
    )::bigint as blocks,
    stat.seq_tup_read::bigint as scanned
from pg_statio_user_tables as io
inner join pg_stat_user_tables as stat on io.relid = stat.relid
where io.schemaname = 'insights'
"""


@dataclass(frozen=True)
class Work:
    """One operation as a whole."""

    core_ms: float  # of the database's processes
    wall_ms: float
    blocks: int  # of 8 kB, looked at in tables and indexes
    scans: dict[str, int]  # table → rows that were read by going through it


def measure(
    connection: Connection, operation: Callable[[], Any], *, runs: int = 3, others: Sequence[Connection] = ()
) -> Work:
    """The cheapest of some runs, or of one that takes long. The system counts a core's time in steps of 10 ms.

    Args:
        others: Idle connections that the operation uses beside this one.
    """
    works = [_measure(connection, operation, others)]
    while len(works) < runs and works[-1].wall_ms < _LONG_MS:
        works.append(_measure(connection, operation, others))
    return min(works, key=lambda work: work.core_ms)


def _measure(connection: Connection, operation: Callable[[], Any], others: Sequence[Connection]) -> Work:
    before, cpu, started = _count(connection, others), _cpu_seconds(connection), time.perf_counter()
    operation()
    wall, used = time.perf_counter() - started, _cpu_seconds(connection) - cpu
    after = _count(connection, others)
    scans = {name: after[name][1] - before[name][1] for name in after}
    return Work(
        core_ms=1000 * used,
        wall_ms=1000 * wall,
        blocks=sum(after[name][0] - before[name][0] for name in after),
        scans={name: rows for name, rows in scans.items() if rows >= 1000},
    )


def _count(connection: Connection, others: Sequence[Connection]) -> dict[str, tuple[int, int]]:
    for each in (*others, connection):
        execute(each, "select pg_stat_force_next_flush()")
    execute(connection, "select pg_stat_clear_snapshot()")
    return {row["table_name"]: (row["blocks"], row["scanned"]) for row in execute(connection, _COUNTS)}


def _cpu_seconds(connection: Connection) -> float:
    """Of this database's processes, and of those that have ended: helpers of a parallel query."""
    rows = execute(
        connection,
        "select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'",
    )
    backends = [psutil.Process(row["pid"]) for row in rows]
    server = psutil.Process(connection.info.backend_pid).parent()
    ended = sum(server.cpu_times()[2:4]) if server else 0.0
    return ended + sum(sum(backend.cpu_times()[:2]) for backend in backends)
