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
    # Products that advice may speak of without a figure naming them.
    "Airflow", "Anthropic", "Discord", "Git", "Haiku", "Insights", "Markdown", "Opus", "Postgres", "Session", "Slack",
    "Sonnet",
}  # fmt: skip
# What follows a first word that only somebody's name can be: a deed of a person, or a possession.
_DEED = re.compile(
    r"\s+(?:also |first |then |never |still |just )?"
    r"(?:wrote|said|asked|answered|replied|called|mailed|sent|met|thanked|told|wants?|wanted|agreed|confirmed|joined"
    r"|waits|waited|invited|promised|signed|paid|offered|introduced)\b"
)
_NO_PERSON = {
    "you", "they", "he", "she", "it", "we", "who", "and", "but", "then", "nobody", "everybody", "somebody", "anybody",
    "everyone", "someone", "one", "neither", "either", "each", "most", "both", "many", "few", "all", "none", "what",
    "when", "that", "this", "which", "today", "yesterday", "tomorrow", "tonight", "there", "here", "let", "never",
    "also",
}  # fmt: skip


def find_unknown_names(text: str, vocabulary: Collection[str]) -> list[str]:
    """Names that are not in the vocabulary, as written.

    A capital inside a sentence makes a name. The first word of a sentence may be any word, so it is taken for a name
    only by what follows: of “Lena Fischer wrote” the second word tells, of “Bruno wrote” and “Bruno’s mail” what only
    people do or have. A first word that ends in “s” may be a plural (“Clients wrote”) and passes.

    Args:
        text: With titles and names of the figures made invisible.
        vocabulary: Words that may be said, in lower case.
    """
    found: list[str] = []
    end_before = -1
    for match in _NAME.finditer(text):
        is_first = _BEGINNING.search(text[: match.start()]) is not None
        word = match[0].removesuffix("’s").removesuffix("'s")
        if (
            word in _OURS
            or word.lower() in vocabulary
            or (is_first and not _is_person(word, match[0], text[match.end() :]))
        ):
            end_before = -1
            continue
        if found and match.start() == end_before + 1:
            found[-1] += f" {word}"
        else:
            found.append(word)
        end_before = match.end()
    return found


def _is_person(word: str, written: str, after: str) -> bool:
    """Whether the first word of a sentence can only be somebody's name."""
    if word.lower() in _NO_PERSON or word.endswith("s"):
        return False
    return written != word or after.startswith(("’s ", "'s ")) or _DEED.match(after) is not None
