"""Words for a share or a factor: “half of”, “twice as many”. They must agree with a figure, like any number.

Where a sentence states figures (54%, 27 of 50, from 4 to 8), one of them must make the word true. Where it states none,
as a headline may, the word must agree with a share of the figures that belongs to something the sentence names.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

NEAR = 6  # percentage points that “half” may be off


@dataclass(frozen=True)
class _Word:
    pattern: str
    low: float  # percent of a whole, or of what it was before
    high: float
    is_factor: bool = False  # of two amounts, not of a part and its whole


def _about(percent: float) -> tuple[float, float]:
    return percent - NEAR, percent + NEAR


_OF = r"(?= (?:of|the|as|your|their|its|all|every)\b)"
_WORDS = (
    _Word(r"(?:nearly|almost) (?:all|every|everything|everybody)", 85, 100),
    _Word(r"two[- ]thirds" + _OF, *_about(66.7)),
    _Word(r"three[- ]quarters" + _OF, *_about(75)),
    _Word(r"(?:a|one) third" + _OF, *_about(33.3)),
    _Word(r"(?:a|one) quarter" + _OF, *_about(25)),
    _Word(r"(?:more than|over) half" + _OF, 50.01, 100),
    _Word(r"(?:less than|under) half" + _OF, 0, 49.99),
    _Word(r"half" + _OF, *_about(50)),
    _Word(r"most of|(?:the|a) majority", 50.01, 100),
    _Word(r"more than (?:twice|doubled|double)", 200.01, float("inf"), is_factor=True),
    _Word(r"twice (?=as|the|its|last|what|that)|twofold|doubled|double" + _OF, 175, 225, is_factor=True),
    _Word(r"threefold|tripled|three times (?=as|the|its|last|what|that)", 265, 335, is_factor=True),
    _Word(r"halved|by half|half as", 40, 60, is_factor=True),
)
_FINDERS = [(word, re.compile(rf"\b(?:{word.pattern})", re.IGNORECASE)) for word in _WORDS]
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_PERCENT = re.compile(rf"({_NUMBER}) ?%")
_PART = re.compile(rf"({_NUMBER})[^\d.]{{0,24}} (?:of|in) (?:the |your )?({_NUMBER})")
_AMOUNT = re.compile(_NUMBER)


def find_untrue_ratios(sentence: str, shares: Iterable[tuple[str, float]]) -> list[str]:
    """The words for a share or a factor that no figure makes true.

    Args:
        sentence: With titles and names in it.
        shares: Shares of the figures in percent, each with what it is of, such as `studio`.
    """
    stated = _stated_shares(sentence)
    factors = _stated_factors(sentence)
    untrue = []
    for word, found in _find(sentence):
        values = factors if word.is_factor else stated
        if not values and not word.is_factor:
            values = [value for label, value in shares if _names(sentence, label)]
        if not any(word.low <= value <= word.high for value in values):
            untrue.append(found[0])
    return untrue


def _find(sentence: str) -> list[tuple[_Word, re.Match[str]]]:
    taken: list[range] = []
    hits: list[tuple[_Word, re.Match[str]]] = []
    for word, finder in _FINDERS:
        for found in finder.finditer(sentence):
            if not any(found.start() in span or found.end() - 1 in span for span in taken):
                taken.append(range(*found.span()))
                hits.append((word, found))
    return hits


def _stated_shares(sentence: str) -> list[float]:
    shares = [_value(found[1]) for found in _PERCENT.finditer(sentence)]
    pairs = [(_value(found[1]), _value(found[2])) for found in _PART.finditer(sentence)]
    return shares + [100 * part / whole for part, whole in pairs if whole and part <= whole]


def _stated_factors(sentence: str) -> list[float]:
    """What any amount of the sentence is of any other, in percent."""
    amounts = [_value(found[0]) for found in _AMOUNT.finditer(sentence)]
    return [100 * now / was for now, was in itertools.permutations(amounts, 2) if was]


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def _names(sentence: str, label: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(label)}(?!\w)", sentence, re.IGNORECASE) is not None
