"""Agreement between what a person says and what a reader says; pure, and null where nothing can be said.

A pair is (label, answer), in this order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)
Pairs = Sequence[tuple[T, T]]
_Z = 1.96  # 95 %


def agreement(pairs: Pairs[T]) -> float | None:
    """Share of pairs that are the same, 0 to 1."""
    return sum(label == answer for label, answer in pairs) / len(pairs) if pairs else None


def half_width(share: float, n: int) -> float:
    """Half of the 95 % interval (Wilson) around a share of n: how far chance alone may move it."""
    spread = math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return _Z * spread / (1 + _Z**2 / n)


def kappa(pairs: Pairs[T]) -> float | None:
    """Cohen's kappa: agreement beyond what two people who guess by habit would have; 1 all, 0 none.

    None where everybody always says the same one thing: then there is nothing to agree on.
    """
    n = len(pairs)
    labels, answers = Counter(label for label, _ in pairs), Counter(answer for _, answer in pairs)
    by_chance = sum(labels[value] * answers[value] for value in labels)
    if n == 0 or by_chance == n * n:
        return None
    expected = by_chance / (n * n)
    return (sum(label == answer for label, answer in pairs) / n - expected) / (1 - expected)


def recall(pairs: Pairs[T], value: T) -> float | None:
    """Of those that are `value`, the share that the reader found."""
    found = [answer == value for label, answer in pairs if label == value]
    return sum(found) / len(found) if found else None


def precision(pairs: Pairs[T], value: T) -> float | None:
    """Of those that the reader calls `value`, the share that are."""
    right = [label == value for label, answer in pairs if answer == value]
    return sum(right) / len(right) if right else None


def confusion(pairs: Pairs[str]) -> dict[str, dict[str, int]]:
    """Label → answer → how often."""
    table: dict[str, dict[str, int]] = {}
    for label, answer in sorted(pairs):
        row = table.setdefault(label, {})
        row[answer] = row.get(answer, 0) + 1
    return table


def macro_f1(pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> float | None:
    """F1 of each member (a business, a person) over all pairs, averaged over the members that anybody names."""
    members = sorted({member for label, answer in pairs for member in label | answer})
    scores = []
    for member in members:
        both = sum(member in label and member in answer for label, answer in pairs)
        named = sum((member in label) + (member in answer) for label, answer in pairs)
        scores.append(2 * both / named)
    return sum(scores) / len(scores) if scores else None


def mean_absolute_error(pairs: Sequence[tuple[int, int]]) -> float | None:
    """How far off a count is, on average."""
    return sum(abs(label - answer) for label, answer in pairs) / len(pairs) if pairs else None
