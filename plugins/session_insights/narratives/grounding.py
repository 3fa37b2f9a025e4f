"""Every number, share, sum of money, name and session id of a text must come from the figures that it was given."""

from __future__ import annotations

import re
from typing import Any

from session_insights.narratives.known import Known
from session_insights.narratives.people_named import find_unknown_names
from session_insights.narratives.quantities import Way
from session_insights.narratives.ratios import find_untrue_ratios
from session_insights.narratives.sections import (
    Bullet,
    KeptTarget,
    MonthText,
    Narrative,
    NarrativeText,
    SectionText,
    Target,
    split_sentences,
)
from session_insights.wording import MONTHS

# A session's id, whole or as its first part alone.
_ID = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE
)
_TWO_AND_UP = (
    "two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
)
_WORDS = {word: float(number) for number, word in enumerate(_TWO_AND_UP.split(" "), 2)}
_MONTH = f"(?:{'|'.join(f'{month}|{month[:3]}' for month in MONTHS)})"
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
# Tried in this order at each place: the longer form of a quantity wins over the number inside it.
_QUANTITY = re.compile(
    rf"(?P<days>\d{{1,2}}(?: to \d{{1,2}})? {_MONTH}\b(?: \d{{4}})?)"
    r"|(?P<time>\b\d{1,2}:\d{2}\b)"
    r"|(?P<hours>\b(?P<h>[\d,]*\d) ?h(?:ours?)?(?: (?P<m>\d{1,2})(?: ?min(?:utes)?)?)?\b)"
    rf"|(?P<money>\$ ?(?P<usd>{_NUMBER}))"
    rf"|(?P<percent>(?P<p>{_NUMBER}) ?(?:%|percent\b|(?:percentage )?points?\b))"
    rf"|(?P<million>(?P<mio>{_NUMBER}) ?(?:M\b|million\b))"
    rf"|(?P<minutes>(?P<min>{_NUMBER})(?: (?!of\b)[a-z-]+)? ?min(?:utes?)?\b)"
    # The first number of “218 of the 357 system minutes”.
    rf"|(?P<part>{_NUMBER})(?= of (?:the |your )?{_NUMBER} (?:[a-z-]+ )?min)"
    rf"|(?P<number>{_NUMBER})"
    rf"|\b(?P<word>{'|'.join(_WORDS)})\b",
    re.IGNORECASE,
)
# Said of every report: what a rate is of, how many weeks are drawn.
_CUSTOMARY = re.compile(r"\bper 10\b|\b[1-8] (?:of the [1-8] )?weeks?\b|\b7 days\b|\bone or two\b", re.IGNORECASE)
# Lines that somebody will copy: what a figure cannot vouch for must at least do no harm.
_HARMFUL = re.compile(r"://|\||&&|\$\(|>\s*/|\b(?:curl|wget|sudo|eval|base64|chmod|ssh|nc)\b|\brm\s+-", re.IGNORECASE)


def find_ungrounded(text: str, known: Known) -> list[str]:
    """The quantities, shares, names and ids of a text that are not among the figures, as written."""
    masked = known.mask(text)
    wrong = [found[0] for found in _ID.finditer(masked) if not _is_session(found[0].lower(), known)]
    wrong += find_unknown_names(masked, known.vocabulary)
    for sentence in split_sentences(text, masked):
        wrong += find_untrue_ratios(sentence, known.shares)
    for pattern in (_ID, _CUSTOMARY):
        masked = pattern.sub(lambda found: "x" * len(found[0]), masked)
    return wrong + [found[0] for found in _QUANTITY.finditer(masked) if not _is_known(found, known)]


def _is_session(word: str, known: Known) -> bool:
    return any(session_id.startswith(word) for session_id in known.session_ids)


def _is_known(found: re.Match[str], known: Known) -> bool:
    if found["days"]:
        return known.has_days(found["days"])
    if found["time"]:
        hours, minutes = found["time"].split(":")
        return found["time"].zfill(5) in known.times or known.has(Way.MINUTES, int(hours) * 60 + int(minutes))
    if found["hours"]:
        whole, rest = int(_plain(found["h"])), found["m"]
        return known.has(Way.MINUTES, 60 * whole + int(rest or 0)) or (rest is None and known.has(Way.HOURS, whole))
    if found["money"]:
        return known.has_money(_plain(found["usd"]))
    if found["word"]:
        return known.has(Way.COUNT, _WORDS[found["word"].lower()])
    for group, way in (("p", Way.PERCENT), ("mio", Way.MILLIONS), ("min", Way.MINUTES), ("part", Way.MINUTES)):
        if found[group]:
            value = float(_plain(found[group]))
            return known.has(way, value) and (way is Way.MILLIONS or value == int(value))
    number = _plain(found["number"])
    return known.has(Way.RATE, float(number)) if "." in number else known.has(Way.COUNT, float(number))


def _plain(number: str) -> str:
    return number.replace(",", "").rstrip(".")


def keep_grounded(text: str, known: Known) -> tuple[str, list[str]]:
    """The sentences of a paragraph that hold, and those that do not."""
    kept: list[str] = []
    dropped: list[str] = []
    for sentence in split_sentences(text, known.mask(text)):
        (dropped if find_ungrounded(sentence, known) else kept).append(sentence)
    return " ".join(kept), dropped


def find_failing_sentences(text: NarrativeText, known: Known) -> list[str]:
    """Each sentence that states what is not known, with the quantities in it; for asking again."""
    failing = []
    for paragraph in _all_texts(text):
        for sentence in keep_grounded(paragraph, known)[1]:
            failing.append(f"{sentence} [not among the figures: {', '.join(find_ungrounded(sentence, known))}]")
    lines = [item.line for item in text.recommendations] + [target.line for target in _targets(text)]
    failing += [f"{line} [not a line to copy]" for line in lines if is_harmful(line)]
    return failing


def is_harmful(line: str) -> bool:
    """A line to copy that fetches, deletes, or hands something to a shell."""
    return _HARMFUL.search(line) is not None


def _all_texts(text: NarrativeText) -> list[str]:
    texts = [text.headline, text.lede, *(bullet.text for bullet in text.glance)]
    for section in text.section_texts.values():
        texts += [section.headline, *section.paragraphs]
    for advice in text.recommendations:
        texts += [advice.title, advice.why, advice.measured_by]
    for target in _targets(text):
        texts += [target.title, target.why]
    return texts


def _targets(text: NarrativeText) -> tuple[Target, ...]:
    return text.targets if isinstance(text, MonthText) else ()


def drop_ungrounded(text: NarrativeText, known: Known, by_rules: Narrative) -> Narrative:
    """The narrative without the sentences that do not hold, and how many those were.

    A headline that does not hold gives way to that of the narrative by rules; so does a lede of which nothing is left.
    A recommendation without a title, a reason or a harmless line is left out.
    """
    dropped = 0

    def keep(paragraph: str, otherwise: str = "") -> str:
        nonlocal dropped
        kept, gone = keep_grounded(paragraph, known)
        dropped += len(gone)
        return kept or otherwise

    def whole(headline: str, otherwise: str) -> str:
        nonlocal dropped
        if find_ungrounded(headline, known):
            dropped += 1
            return otherwise
        return headline

    values: dict[str, Any] = {
        "headline": whole(text.headline, by_rules.headline),
        "lede": keep(text.lede, by_rules.lede),
        "glance": tuple(
            Bullet(text=kept, section=bullet.section) for bullet in text.glance if (kept := keep(bullet.text))
        ),
    }
    for name, section in text.section_texts.items():
        values[name] = SectionText(
            headline=whole(section.headline, by_rules.section_texts[name].headline),
            paragraphs=tuple(kept for paragraph in section.paragraphs if (kept := keep(paragraph))),
        )
    advice = []
    for item in text.recommendations:
        title, why, measured_by = whole(item.title, ""), keep(item.why), keep(item.measured_by)
        if title and why and not is_harmful(item.line):
            advice.append(item.model_copy(update={"title": title, "why": why, "measured_by": measured_by}))
    targets = []
    for target in _targets(text):
        title, why = whole(target.title, ""), keep(target.why)
        if title and why and not is_harmful(target.line) and isinstance(target, KeptTarget):
            targets.append(target.model_copy(update={"title": title, "why": why}))
    return Narrative(
        **values,
        recommendations=tuple(advice),
        verdicts=by_rules.verdicts,
        targets=tuple(targets),
        outcomes=by_rules.outcomes,
        dropped_sentence_count=dropped,
    )
