"""Which of millions of ids were seen, at 8 bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left

_NEAR = 100_000
_LONGEST = 800_000  # two runs are merged into a third, which takes their memory once more


class SeenIds:
    """A set of ids as hashes of 64 bits: the newest in a set, the others in sorted runs."""

    def __init__(self) -> None:
        self._near: set[int] = set()
        self._runs: list[array[int]] = []  # each at least twice as long as the next

    def add(self, key: str) -> bool:
        """True when the id is new."""
        if key in self:
            return False
        self._near.add(hash(key))
        if len(self._near) == _NEAR:
            run = array("q", sorted(self._near))
            self._near.clear()
            while self._runs and len(self._runs[-1]) < min(2 * len(run), _LONGEST):
                run = _merge(self._runs.pop(), run)
            self._runs.append(run)
        return True

    def __contains__(self, key: str) -> bool:
        known = hash(key)
        return known in self._near or any(_has(run, known) for run in self._runs)


def _has(run: array[int], known: int) -> bool:
    place = bisect_left(run, known)
    return place < len(run) and run[place] == known


def _merge(longer: array[int], shorter: array[int]) -> array[int]:
    """Stretches of the longer run between the numbers of the shorter one."""
    merged = array("q")
    start = 0
    for number in shorter:
        end = bisect_left(longer, number, start)
        merged += longer[start:end]
        merged.append(number)
        start = end
    merged += longer[start:]
    return merged
