"""Whether two Celery workers finish a first sync sooner than one.

    python -m benchmarks.workers [--mb 500] [--rounds 2]

Starts what docker-compose.yaml starts, as processes, with its own Postgres and Redis; needs `redis-server`. Each worker
runs one task at a time. Before each round all that was read is deleted, then everything is read anew: by one worker,
then by two. Prints the seconds of the run, of its chunks and which worker read how many of them. Ends with 1 when two
are not faster, or when the rows of two differ from those of one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.sync import _make_corpus, _say
from local.postgres import remove_postgres, start_postgres
from session_insights.store.database import connect
from tests.deploy.site import BY_HAND, Site, count_chunks, open_site

SYNC = "insights_session_sync"
ROWS = """
select
    (select count(*) from insights.transcript_files where state = 'read') as files,
    (select count(*) from insights.claude_sessions) as sessions,
    (select count(*) from insights.session_messages) as messages,
    (select count(*) from insights.session_entries) as entries,
    (select sum(output_tokens)::bigint from insights.session_days) as output_tokens
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=float, default=500, help="main transcripts; sub-agents come on top, about 30 %%")
    parser.add_argument("--corpus", type=Path, help="keeps the corpus for the next run")
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    if shutil.which("redis-server") is None:
        parser.error("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        home, transcripts, state = (Path(folder) / name for name in ("home", "transcripts", "state"))
        home.mkdir()
        (transcripts / "desk").mkdir(parents=True)
        corpus = _make_corpus(args.corpus or Path(folder) / "corpus", args.mb) / "projects"
        cluster = start_postgres(state, durable=True)
        try:
            with open_site(home, cluster, transcripts, workers=(1,), settings=BY_HAND) as site:
                return measure(site, corpus, args.rounds)
        finally:
            remove_postgres(state)


def measure(site: Site, corpus: Path, rounds: int) -> int:
    site.run(SYNC)  # also what a server does on its first task alone
    seconds: dict[int, list[float]] = {1: [], 2: []}
    rows: list[dict[str, int]] = []
    for _ in range(rounds):
        for count in seconds:
            if count == 2:
                site.stack.start("worker", 2)
                site.stack.wait_until_healthy("worker", 2)
            run = sync_anew(site, corpus)
            seconds[count].append(run["seconds"])
            rows.append(run["rows"])
            _say(
                f"{count} worker{'s' if count > 1 else ' '}: {run['seconds']:6.1f} s; chunks of "
                f"{run['chunk_seconds']} s, read by {run['chunks']}; load {os.getloadavg()[0]:.1f}"
            )
            if count == 2:
                site.stack.stop("worker-2")
    one, two = (statistics.mean(values) for values in seconds.values())
    _say(f"one {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast; rows {rows[0]}")
    same = all(found == rows[0] for found in rows)
    if not same:
        _say(f"The rows differ: {rows}")
    return int(not same or two >= one)


def sync_anew(site: Site, corpus: Path) -> dict[str, Any]:
    """One sync of everything into empty tables and an empty archive."""
    site.wait_until_idle()
    with connect(site.database_url) as connection:
        connection.execute("truncate insights.transcript_files, insights.claude_sessions cascade")
        connection.execute("vacuum analyze")
    for archived in (site.stack.home / "volumes" / "archive").iterdir():
        shutil.rmtree(archived)
    place = site.transcripts / "bench"
    shutil.copytree(corpus, place, copy_function=os.link)
    run_id = site.run(SYNC, longest_seconds=1800)
    shutil.rmtree(place)
    tasks = site.ask("GET", f"/dags/{SYNC}/dagRuns/{run_id}/taskInstances", params={"limit": 100})["task_instances"]
    times = [tuple(datetime.fromisoformat(task[name]) for name in ("start_date", "end_date")) for task in tasks]
    chunks = [
        (end - start).total_seconds()
        for task, (start, end) in zip(tasks, times, strict=True)
        if task["task_id"] == "sync_sessions"
    ]
    run = site.ask("GET", f"/dags/{SYNC}/dagRuns/{run_id}")
    started, ended = (datetime.fromisoformat(run[name]) for name in ("start_date", "end_date"))
    return {
        "seconds": (ended - started).total_seconds(),
        "chunk_seconds": f"{min(chunks):.1f} to {max(chunks):.1f}",
        "chunks": count_chunks(site, run_id),
        "rows": site.query(ROWS)[0],
    }


if __name__ == "__main__":
    sys.exit(main())
