"""People who go through the dashboard at once, as a benchmark lets them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

LONGEST_DAYS, OLDEST_DAYS = 90, 600
PAUSE_SECONDS = 0.5
# Of 20 views; a first look is at days and a filter that nobody has had.
SHARES = {"first look": 8, "kept look": 4, "list": 3, "session": 3, "health": 2}
FILTERS = (
    "",
    "",
    "business=shop",
    "business=studio",
    "machine=bench&project=shop/storefront",
    "initiated_by=user-interactive",
)


def crowd(
    view: Callable[[str], float],
    write: Callable[[], None],
    kept: Sequence[str],
    lists: Sequence[str],
    *,
    sessions: int,
    last_day: date,
    clients: int,
    seconds: float,
    write_every: float,
) -> Mapping[str, list[float]]:
    """Milliseconds of the views of each kind; everybody goes from view to view with half a second between.

    Args:
        view: Gets an address and tells its milliseconds.
        write: Writes as a sync does.
        kept: Overviews that were looked at before.
    """
    taken: dict[str, list[float]] = {kind: [] for kind in SHARES}
    looks, lock = look_first(last_day), threading.Lock()
    until = time.monotonic() + seconds

    def choose(chance: random.Random) -> tuple[str, str]:
        [kind] = chance.choices(list(SHARES), list(SHARES.values()))
        if kind == "first look":
            with lock:
                return kind, next(looks)
        if kind == "session":
            return kind, f"/sessions/session-{100 * chance.randrange(sessions // 100) + chance.randrange(35)}"
        return kind, {"kept look": chance.choice(kept), "list": chance.choice(lists), "health": "/health"}[kind]

    def browse(person: int) -> None:
        chance = random.Random(person)  # noqa: S311
        while time.monotonic() < until:
            kind, address = choose(chance)
            taken[kind].append(view(address))
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=browse, args=(person,)) for person in range(clients)]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        write()
        time.sleep(min(write_every, max(0.0, until - time.monotonic())))
    for thread in threads:
        thread.join()
    return taken


def look_first(last_day: date) -> Iterator[str]:
    """Overviews of 1 to 90 days somewhere in 600, each once, a third of them without a filter."""
    chance, had = random.Random(6), set()  # noqa: S311
    while True:
        until = last_day - timedelta(days=chance.randrange(1, OLDEST_DAYS))
        since = until - timedelta(days=chance.randrange(LONGEST_DAYS))
        said = chance.choice(FILTERS)
        address = f"/?since={since}&until={until}{'&' + said if said else ''}"
        if address not in had:
            had.add(address)
            yield address


def find_p95(taken: Sequence[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]
