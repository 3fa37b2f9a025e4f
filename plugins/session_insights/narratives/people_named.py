"""Names in a text: whoever is named must be among the words that the figures and the profile hold."""

from __future__ import annotations

import re
from collections.abc import Collection

from session_insights.wording import MONTHS, WEEKDAYS

# A word in the shape of a name: Amy, O'Neill, Müller. Words in capitals or with digits are none.
_NAME = re.compile(r"(?<![\w’'/`.-])[A-ZÀ-ÖØ-Þ](?:[’'][A-Z])?[a-zà-öø-ÿ]+(?:-[A-Z][a-z]+)?(?![\w/`])")
# Where a sentence or a quotation begins, any word has a capital.
_BEGINNING = re.compile(r"(?:^|[.!?:;]\s+|[“\"(\[*]|\n)\s*$")
_OURS = {
    *MONTHS, *(month[:3] for month in MONTHS), *WEEKDAYS, *(day[:3] for day in WEEKDAYS),
    "Claude", "Code", "System", "Health", "English",
}  # fmt: skip


def find_unknown_names(text: str, vocabulary: Collection[str]) -> list[str]:
    """Names that are not in the vocabulary, as written.

    A capital inside a sentence makes a name. The first word of a sentence may be any word, so it is taken for a name
    only together with one: of “Lena Fischer wrote” the second word tells.

    Args:
        text: With titles and names of the figures made invisible.
        vocabulary: Words that may be said, in lower case.
    """
    found: list[str] = []
    end_before = -1
    for match in _NAME.finditer(text):
        is_first = _BEGINNING.search(text[: match.start()]) is not None
        word = match[0].removesuffix("’s").removesuffix("'s")
        if is_first or word in _OURS or word.lower() in vocabulary:
            end_before = -1
            continue
        if found and match.start() == end_before + 1:
            found[-1] += f" {word}"
        else:
            found.append(word)
        end_before = match.end()
    return found
