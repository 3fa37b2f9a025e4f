"""How long the views of the dashboard take on a big history, with four people at once.

    python -m benchmarks.dashboard [--sessions 100000] [--clients 4] [--seconds 60]

Uses the history of `benchmarks.aggregates`. A first look counts everything: it stands in a table of its own, with the
seconds of a core that the database took for it, which hold for a busy machine too. Then four people go from view to
view of a server with a process of its own, while something is written as a sync writes: the budget is for that. 8 of 20
views are first looks at days and filters that nobody has had, 4 are overviews had before, 3 lists, 3 sessions, 2
health: see `benchmarks/crowd.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
import uvicorn  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402

from benchmarks.aggregates import LAST_DAY, fill_history  # noqa: E402
from benchmarks.crowd import SHARES, crowd, find_p95  # noqa: E402
from local.postgres import create_database, remove_postgres, start_postgres, stop_postgres  # noqa: E402
from session_insights.dashboard.app import build_app  # noqa: E402
from session_insights.dashboard.desk import Desk  # noqa: E402
from session_insights.dashboard.pages import PageCache  # noqa: E402
from session_insights.dashboard.templates import build_templates  # noqa: E402
from session_insights.profile import load_profile  # noqa: E402
from session_insights.settings import Settings, find_include_dir, find_profile_path  # noqa: E402
from session_insights.store.database import connect  # noqa: E402

BUDGET_MS, BUDGET_BYTES = 150, 300_000
LISTS = {
    name: f"/sessions?{query}"
    for name, query in {
        "newest": "",
        "longest": "sort=active_minutes",
        "dearest": "sort=cost_usd",
        "dearest of everybody's": "sort=cost_usd&category=all",
        "dearest of 90 days": f"sort=cost_usd&since={LAST_DAY - timedelta(days=90)}&until={LAST_DAY}",
        "most corrected of a business": "sort=course_corrections&business=shop",
        "with any friction": "friction=any",
        "with a failed connector": "friction=connector:mail",
        "of a person": "person=Person+3",
        "words": "q=newsletter+friday",
    }.items()
}
VIEWS = {
    f"{days} days{', ' + query if query else ''}": f"/?since={LAST_DAY - timedelta(days=days)}"
    f"&until={LAST_DAY - timedelta(days=1)}{'&' + query if query else ''}"
    for query in ("", "business=shop", "machine=bench&project=shop/storefront")
    for days in (7, 14, 30, 90)
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--write-every", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--state", type=Path, help="keeps the database for the next run")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = args.state or Path(folder) / "state"
        cluster = start_postgres(state, durable=False)
        try:
            name = f"bench_{args.sessions}_{args.weeks}"
            create_database(cluster.url("postgres"), name)
            with connect(cluster.url(name)) as connection:
                fill_history(connection, args.sessions, args.weeks)
            return measure(cluster.url(name), args.sessions, args.clients, args.seconds, args.write_every)
        finally:
            (stop_postgres if args.state else remove_postgres)(state)


def measure(url: str, sessions: int, clients: int, seconds: float, write_every: float) -> int:
    """Print the first look at each view and the ones after it, then all by many at once; 1 if a budget is missed."""
    largest = [0]
    with TestClient(open_app(url)) as client:

        def view(address: str) -> float:
            started = time.perf_counter()
            answer = client.get(address)
            if answer.status_code != 200:
                raise SystemExit(f"{address}: {answer.status_code} {answer.text[:500]}")
            return 1000 * (time.perf_counter() - started)

        view("/sessions")  # templates, plans
        view(next(iter(VIEWS.values())))
        for name, address in VIEWS.items():
            made, core = look_first(view, address, client.app.state)
            kept = statistics.median(view(address) for _ in range(10))
            say(f"{made:8.1f} ms first ({core:4.0f} ms of a core in the database)  {kept:6.1f} ms then  {name}")
        for name, address in LISTS.items():
            took, core = look_again(view, address, client.app.state)
            say(f"{took:8.1f} ms ({core:4.0f} ms of a core in the database)  sessions: {name}")
    load = psutil.getloadavg()[0]
    with connect(url) as writer, serve(url) as address_of_server:
        visit = visitor(address_of_server, largest)
        for address in VIEWS.values():
            visit(address)
        taken = crowd(
            visit,
            lambda: writer.execute("update insights.claude_sessions set synced_at = now() where id = 'session-1'"),
            list(VIEWS.values()),
            list(LISTS.values()),
            sessions=sessions,
            last_day=LAST_DAY,
            clients=clients,
            seconds=seconds,
            write_every=write_every,
        )
    everything = [one for views in taken.values() for one in views]
    p95 = find_p95(everything)
    say(f"{len(everything):,} views by {clients} at once in {seconds:.0f} s, a write every {write_every:g} s:")
    say(f"    load {load:.1f} of the machine before")
    say(f"{p95:8.1f} ms p95; at most {BUDGET_MS}")
    say(f"{statistics.median(everything):8.1f} ms median, {max(everything):.1f} ms the longest")
    for kind, views in taken.items():
        if views:
            share = f"{SHARES[kind]} of {sum(SHARES.values())} views"
            say(f"{find_p95(views):8.1f} ms p95, {statistics.median(views):.1f} median, {len(views)} {kind}: {share}")
    say(f"{largest[0]:,} bytes the largest page; at most {BUDGET_BYTES:,}")
    return int(p95 > BUDGET_MS or largest[0] > BUDGET_BYTES)


def serve_app(url: str, listening: socket.socket) -> None:
    uvicorn.Server(uvicorn.Config(open_app(url), log_level="warning", access_log=False)).run(sockets=[listening])


@contextmanager
def serve(url: str) -> Iterator[str]:
    """The dashboard in a process of its own; yields host:port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = multiprocessing.get_context("spawn").Process(target=serve_app, args=(url, listening))
        server.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.terminate()
            server.join()


def visitor(server: str, largest: list[int]) -> Callable[[str], float]:
    """Gets an address over the thread's own connection; milliseconds until the whole page is there."""
    own = threading.local()

    def visit(address: str) -> float:
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection(server)
        started = time.perf_counter()
        own.connection.request("GET", address)
        answer = own.connection.getresponse()
        page = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{address}: {answer.status} {page[:500]!r}")
        largest[0] = max(largest[0], len(page))
        return 1000 * (time.perf_counter() - started)

    return visit


def look_again(view: Callable[[str], float], address: str, state: Any) -> tuple[float, float]:
    """Milliseconds of a view that is not kept, in the middle, and those of a core that its database took."""
    view(address)
    before = _core_seconds(state)
    took = statistics.median(view(address) for _ in range(10))
    return took, 100 * (_core_seconds(state) - before)


def look_first(view: Callable[[str], float], address: str, state: Any) -> tuple[float, float]:
    """Milliseconds of a view that nobody has had, the best of three, and those of a core that its database took."""
    looks = []
    for _ in range(3):
        state.pages = PageCache()
        before = _core_seconds(state)
        looks.append((view(address), 1000 * (_core_seconds(state) - before)))
    return min(looks)


def _core_seconds(state: Any) -> float:
    """Of the connections, which stay open."""
    backends = {psutil.Process(connection.info.backend_pid) for connection in state.pool._idle}
    return sum(sum(backend.cpu_times()[:2]) for backend in backends)


def open_app(url: str):
    """The dashboard without Airflow and its guard."""
    settings = Settings()
    include = find_include_dir(settings)
    profile = load_profile(find_profile_path(settings))

    def nothing(*_: object, **__: object) -> dict[str, object]:
        raise AssertionError("Only views are measured.")

    return build_app(
        guard=lambda: None,
        user_name=lambda: "bench",
        login_url=lambda back: back,
        open_desk=lambda templates: Desk(profile, settings, build_templates(templates, profile), nothing, nothing),
        find_url=lambda: url,
        templates=include / "templates",
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
