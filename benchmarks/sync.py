"""How fast transcripts get into Postgres, and in how much memory; compared with reading the same files at all.

    python -m benchmarks.sync [--mb 500] [--corpus FOLDER] [--state FOLDER]
    python -m benchmarks.sync --huge 2

Makes a corpus (or finds the one of the last run in the same folder) and its own Postgres with the settings of
`make run`. Ends with 1 when a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks.transcripts import append_turn, make_huge_file, make_many_files
from local.postgres import Cluster, remove_postgres, start_postgres
from session_insights.profile import load_profile
from session_insights.settings import Settings, find_include_dir
from session_insights.stages import setup, sync
from session_insights.store.database import Connection, connect, execute

HERE = Path(__file__).resolve().parent
COLD_MB_A_SECOND = 65.0
NOTHING_NEW_SECONDS = 0.3
ONE_FILE_SECONDS = 0.4
MOST_MB = 300.0
MANY_FILES = 10_000
TABLES = ("transcript_files", "claude_sessions", "session_messages", "session_entries", "session_days")


@dataclass(frozen=True)
class Sync:
    """One sync as a whole."""

    seconds: float
    cpu_seconds: float  # ours and Postgres's
    read_mb: float
    file_count: int
    row_count: int
    main_mb: float  # peak, as the system counts a process's memory
    worker_mb: float  # the biggest worker's peak
    together_mb: float  # peak of the sum; memory that processes share counts once


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=float, default=500, help="main transcripts; sub-agents come on top, about 30 %%")
    parser.add_argument("--corpus", type=Path, help="keeps the corpus for the next run")
    parser.add_argument("--state", type=Path, help="keeps the database server's folder for the next run")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--huge", type=float, metavar="GB", help="instead: one file of millions of tiny records")
    parser.add_argument("--one", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        _say(json.dumps(vars(_sync(args.one, args.corpus, args.processes))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        state = args.state or Path(folder) / "state"
        cluster = start_postgres(state, durable=True)
        try:
            if args.huge:
                return _measure_huge(cluster, make_huge_file(Path(folder) / "huge", args.huge))
            corpus = _make_corpus(args.corpus or Path(folder) / "corpus", args.mb)
            return _measure(cluster, corpus, Path(folder), args.processes)
        finally:
            remove_postgres(state)


def _measure(cluster: Cluster, corpus: Path, folder: Path, processes: int) -> int:
    missed: list[str] = []

    def budget(name: str, value: float, limit: float, *, is_least: bool = False) -> None:
        kept = value >= limit if is_least else value <= limit
        _say(
            f"  {'kept  ' if kept else 'MISSED'} {name}: {value:.2f}, {'at least' if is_least else 'at most'} {limit:g}"
        )
        if not kept:
            missed.append(name)

    paths = sorted((corpus / "projects").rglob("*.jsonl"))
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    _say(f"{len(paths):,} files, {megabytes:,.0f} MB, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    plain = {"cat": _time(_cat, paths), "json.loads": _time(_json_loads, paths)}
    for name, seconds in plain.items():
        _say(f"{name:>28}: {megabytes / seconds:8,.0f} MB/s")

    best = 0.0
    for count in sorted({1, processes}):
        url = _make_database(cluster, f"cold_{count}")
        cold = _run_sync(url, corpus, count)
        rate = cold.read_mb / cold.seconds
        best = max(best, rate)
        _say(f"{f'cold, {count} processes':>28}: {rate:8,.0f} MB/s   {cold.row_count / cold.seconds:,.0f} rows/s")
        _say(
            f"{'':>30}{cold.file_count:,} files read, {cold.row_count:,} rows written in {cold.seconds:.1f} s "
            f"({cold.cpu_seconds:.1f} s of a core); {megabytes / rate / plain['json.loads']:.1f} times json.loads, "
            f"{megabytes / rate / plain['cat']:.0f} times cat"
        )
        _say(
            f"{'':>30}peak memory: main {cold.main_mb:.0f} MB, worker {cold.worker_mb:.0f} MB, "
            f"together {cold.together_mb:.0f} MB"
        )
        budget("MB of memory in one process", max(cold.main_mb, cold.worker_mb), MOST_MB)
    budget("cold MB/s", best, COLD_MB_A_SECOND, is_least=True)

    url = _make_database(cluster, "many")
    many = make_many_files(folder / "many", MANY_FILES)
    cold = _run_sync(url, many, processes)
    _say(f"{f'{cold.file_count:,} small files':>28}: {cold.file_count / cold.seconds:8,.0f} files/s")
    nothing = min((_run_sync(url, many, 1) for _ in range(3)), key=lambda sync: sync.seconds)
    _say(f"{'nothing new':>28}: {nothing.seconds:8.3f} s; {nothing.file_count} files read, {nothing.row_count} rows")
    budget("seconds with nothing new", nothing.seconds, NOTHING_NEW_SECONDS)
    grown = min((_run_sync(url, many, 1, grow=True) for _ in range(3)), key=lambda sync: sync.seconds)
    _say(f"{'one grown file':>28}: {grown.seconds:8.3f} s; {grown.file_count} files read, {grown.row_count} rows")
    budget("seconds with one grown file", grown.seconds, ONE_FILE_SECONDS)
    if missed:
        _say(f"Over budget: {', '.join(missed)}.")
    return int(bool(missed))


def _measure_huge(cluster: Cluster, folder: Path) -> int:
    huge = _run_sync(_make_database(cluster, "huge"), folder, 1)
    _say(
        f"one file of {huge.read_mb:,.0f} MB: {huge.row_count:,} rows written in {huge.seconds:.0f} s "
        f"({huge.cpu_seconds:.0f} s of a core); peak memory {huge.main_mb:.0f} MB, at most {MOST_MB:g}"
    )
    return int(huge.main_mb > MOST_MB)


def _run_sync(url: str, corpus: Path, processes: int, *, grow: bool = False) -> Sync:
    """One sync in a process of its own, so that memory is measured from the start."""
    if grow:
        path = next(iter(sorted((corpus / "projects").rglob("*.jsonl"))))
        append_turn(path)
    command = [sys.executable, "-m", "benchmarks.sync", "--one", url, "--corpus", str(corpus)]
    done = subprocess.run([*command, "--processes", str(processes)], check=True, capture_output=True, cwd=HERE.parent)
    return Sync(**json.loads(done.stdout))


def _sync(url: str, corpus: Path, processes: int) -> Sync:
    profile = load_profile(find_include_dir(Settings()) / "profile.yaml")
    with connect(url) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        watch = _MemoryWatch()
        before, cpu, started = _rows_written(connection), _cpu(backend), time.perf_counter()
        files, _ = sync.find_changed(connection, [("bench", corpus / "projects")])
        counts = sync.sync_files(
            connection, files, profile=profile, settings=Settings(), processes=processes, progress=lambda _: None
        )
        seconds, used = time.perf_counter() - started, _cpu(backend) - cpu
        watch.stop()
        return Sync(
            seconds=seconds,
            cpu_seconds=used,
            read_mb=counts["read_bytes"] / 1e6,
            file_count=counts["read_count"],
            row_count=_rows_written(connection) - before,
            main_mb=watch.main_mb,
            worker_mb=watch.worker_mb,
            together_mb=watch.together_mb,
        )


class _MemoryWatch:
    """Looks at this process and its workers twenty times a second."""

    def __init__(self) -> None:
        self.main_mb = self.worker_mb = self.together_mb = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        own = psutil.Process()
        while not self._ended.wait(0.05):
            self.main_mb = max(self.main_mb, own.memory_info().rss / 1e6)
            together = _own_memory(own)
            for worker in own.children():
                try:
                    self.worker_mb = max(self.worker_mb, worker.memory_info().rss / 1e6)
                    together += _own_memory(worker)
                except psutil.Error:
                    continue
            self.together_mb = max(self.together_mb, together)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def _own_memory(process: psutil.Process) -> float:
    """Its share in MB; where the system does not say, all of it."""
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", memory.rss)) / 1e6


def _cpu(backend: psutil.Process) -> float:
    times = os.times()
    server = backend.cpu_times()
    return times.user + times.system + times.children_user + times.children_system + server.user + server.system


def _rows_written(connection: Connection) -> int:
    execute(connection, "select pg_stat_force_next_flush()")
    execute(connection, "select pg_stat_clear_snapshot()")
    [row] = execute(
        connection,
        "select coalesce(sum(n_tup_ins + n_tup_upd), 0)::bigint as n from pg_stat_user_tables "
        "where schemaname = 'insights' and relname = any(%(tables)s)",
        tables=list(TABLES),
    )
    return int(row["n"])


def _make_database(cluster: Cluster, name: str) -> str:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)".encode())
        admin.execute(f"create database {name}".encode())
    with connect(cluster.url(name)) as connection:
        setup.migrate(connection, Settings())
    return cluster.url(name)


def _make_corpus(folder: Path, megabytes: float) -> Path:
    """The corpus of the budgets; a smaller one has as many files a megabyte."""
    made = folder / f"{megabytes:g}"
    if not (made / "truth.json").exists():
        sessions = str(max(20, round(megabytes * 4)))
        options = ["--out", str(made), "--noise", "0", "--mb", f"{megabytes:g}", "--sessions", sessions]
        subprocess.run([sys.executable, HERE / "gen_corpus.py", *options], check=True, capture_output=True)
    return made


def _time(work: Any, paths: list[Path]) -> float:
    started = time.perf_counter()
    work(paths)
    return time.perf_counter() - started


def _cat(paths: list[Path]) -> None:
    for path in paths:
        with path.open("rb") as stream:
            while stream.read(1024 * 1024):
                pass


def _json_loads(paths: list[Path]) -> None:
    for path in paths:
        with path.open("rb") as stream:
            for line in stream:
                try:
                    json.loads(line)
                except ValueError:
                    continue


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
