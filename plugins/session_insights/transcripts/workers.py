"""Other processes that read: bytes are brought to this disk ahead of them, and one that is killed stops no other."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

# Tasks a process: one in hand, the others waiting, so that none is idle while a batch is being written.
_AHEAD = 4
_FETCHERS = 8  # tasks whose bytes are on their way
KILLED = "the process that read it was killed, twice; is there too little memory?"

Item = TypeVar("Item")
Result = TypeVar("Result")
# Of each item, where its bytes are on this disk or why they cannot be had.
Fetched = list[tuple[Item, Path | str]]
Read = Callable[[Item, Path | str], Result]


def fetch_ahead(tasks: Iterator[list[Item]], fetch: Callable[[Item], Path | str]) -> Iterator[Fetched[Item]]:
    """Bring the bytes of a few tasks to this disk while others are read. Order is kept."""

    def fetch_all(task: list[Item]) -> Fetched[Item]:
        return [(item, fetch(item)) for item in task]

    with ThreadPoolExecutor(_FETCHERS) as pool:
        waiting = deque(pool.submit(fetch_all, task) for task in islice(tasks, _FETCHERS))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(fetch_all, task) for task in islice(tasks, 1))


def side_by_side(
    tasks: Iterator[Fetched[Item]], read: Read[Item, Result], *, processes: int, killed: Callable[[Item], Result]
) -> Iterator[Result]:
    """What `read` gives for each item, in other processes. Order is not kept.

    Few results wait for the caller at any moment, however many items there are. A process that is killed takes the
    others of its pool with it: what they had in hand is read once more, each item alone, and the rest goes on.

    Args:
        killed: What an item gives that was in hand both times.
    """
    if processes <= 1:
        for task in tasks:
            yield from _read_all(read, task)
        return
    while True:
        in_hand: list[Fetched[Item]] = []
        try:
            yield from _read_in_pool(tasks, in_hand, read, processes)
            return
        except BrokenProcessPool:
            for item, place in chain.from_iterable(in_hand):
                yield _read_alone(item, place, read, killed)


def _read_in_pool(
    tasks: Iterator[Fetched[Item]], in_hand: list[Fetched[Item]], read: Read[Item, Result], processes: int
) -> Iterator[Result]:
    """Read until there is nothing left; `in_hand` holds the tasks whose results are not known."""
    running: dict[Future[list[Result]], Fetched[Item]] = {}
    with ProcessPoolExecutor(processes) as pool:
        # Now, while no thread fetches: a process that is forked off keeps the locks of threads as they are.
        pool.submit(_read_all, read, []).result()

        def start(most: int) -> None:
            for task in islice(tasks, most):
                in_hand.append(task)
                running[pool.submit(_read_all, read, task)] = task

        start(processes * _AHEAD)
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            first = done.pop()
            results, task = first.result(), running.pop(first)
            del first, done  # with what they hold
            start(1)
            in_hand.remove(task)
            yield from results


def _read_alone(item: Item, place: Path | str, read: Read[Item, Result], killed: Callable[[Item], Result]) -> Result:
    with ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(read, item, place).result()
        except BrokenProcessPool:
            return killed(item)


def _read_all(read: Read[Item, Result], task: Fetched[Item]) -> list[Result]:
    return [read(item, place) for item, place in task]


def name_fault(error: Exception) -> str:
    """A fault of ours, without its text: that may quote the transcript."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return f"reading it failed with {type(error).__name__} in {where}; please report this"
