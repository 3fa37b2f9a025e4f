"""People of the profile that a session dealt with, what was done towards them, and who made the first move."""

from __future__ import annotations

import re
from functools import cache

from session_insights.facets.attribution import spoken_in
from session_insights.facets.turns import Finding
from session_insights.profile import Person, Profile
from session_insights.records import SessionForReading

# Said of a person in the same sentence: pattern before or after the name → what was done.
_ACTIONS: tuple[tuple[str, str], ...] = (
    ("answered", r"\b(?:repl(?:y|ies)|answer\w*|respon[ds]\w*|get back)\b"),
    ("thanked", r"\bthank(?:s|ed|ing)?\b"),
    ("invited", r"\binvit\w+"),
    ("introduced", r"\bintro(?:duc\w+)?\b"),
    ("followed up", r"\bfollow(?:ed|ing)?[ -]?up\b|\bcheck(?:ed|ing)? in\b|\bcatch(?:ing)? up\b"),
    ("prepared for", r"\bprep(?:are|ared|aring|ping)?\b|\bmeeting with\b|\bcall with\b|\bagenda\b|\blunch with\b"),
    ("reminded", r"\bremind\w*|\bnudg\w+"),
    ("scheduled", r"\bschedul\w+|\bbook(?:ed|ing)?\b|\barrange\b"),
    ("wrote", r"\b(?:e-?mail|mail|write|wrote|message|note|letter|send|sent|tell|told|ask|draft\w*|compose)\b"),
)
_ADDRESSED = re.compile(
    r"\b(?:e-?mails?|mails?|messages?|letters?|repl(?:y|ies)|answers?|respond|write to|thank|introduc\w+|invit\w+"
    r"|compose"
    r"|follow[ -]?up|check in|reach out|gmail|inbox|proposal|ask (?:her|him|them)|send)\b",
    re.IGNORECASE,
)
_REACTIVE = re.compile(
    r"\b(?:reply|replies|replying|answer|answers|answering|respond|responding|response) (?:to|the|her|his|their"
    r"|three|\w+'s)"
    r"|\breply\b|\b(?:answer|respond)\b(?! key)|\bgot an? (?:mail|email|message|letter|question)|\benquir|\binquir"
    r"|\b(?:wrote|mailed|emailed|messaged|pinged|texted|called|asked) (?:me|us|to|when|whether|if|for|about|again)\b"
    r"|\bsent (?:me|us|her|his|their|over|back|the|a|an|in|two|three|four|\d+)\b|\bwrote back\b"
    r"|\basks\b|\b(?:she|he|they) asked\b|\bis (?:asking|waiting)|\bwants? (?:to know"
    r"|an? answer|the"
    r"|us to|me to)\b"
    r"|\bhas (?:\w+ )?questions?\b|\b(?:last|final|her|his|their) comments\b|\bback to me\b|\bcomplain\w*"
    r"|\bsays\b",
    re.IGNORECASE,
)


def find_people(session: SessionForReading, profile: Profile) -> Finding[list[str]]:
    """People of the profile who are named by what was said, in the profile's order.

    Full names and aliases count in what anybody said; a first name counts where a person typed it, with a capital and
    if only one person of the profile has it. Tool calls and results name too many to be counted.
    """
    found: dict[str, list[int]] = {}
    typed = {turn.entry_no: turn.full_words for turn in spoken_in(session).turns}
    for entry in session.entries:
        words = typed.get(entry.entry_no)
        if words is None and entry.kind != "reply":
            continue
        for person in profile.people:
            pattern = _typed_pattern(person, profile) if words is not None else _full_pattern(person)
            if pattern.search(words if words is not None else entry.text):
                found.setdefault(person.name, []).append(entry.entry_no)
    for person in profile.people:
        if _typed_pattern(person, profile).search(session.title or "") and typed:
            found.setdefault(person.name, [next(iter(typed))])
    names = [person.name for person in profile.people if person.name in found]
    return Finding(names, tuple(sorted({found[name][0] for name in names})))


@cache
def _full_pattern(person: Person) -> re.Pattern[str]:
    names = [r"\s+".join(re.escape(part) for part in name.split()) for name in (person.name,)]
    aliases = [re.escape(alias) for alias in person.aliases]
    return re.compile(rf"(?<![\w-])(?:(?i:{'|'.join(names)})|{'|'.join(aliases) or '(?!)'})(?![\w-])")


@cache
def _typed_pattern(person: Person, profile: Profile) -> re.Pattern[str]:
    first = person.name.split()[0]
    namesakes = [other for other in profile.people if first in (other.name.split()[0], *other.aliases)]
    if len(namesakes) > 1 or first == profile.owner.split()[0] or len(first) < 3:
        return _full_pattern(person)
    return re.compile(rf"{_full_pattern(person).pattern}|(?<![\w-]){re.escape(first)}(?![\w-])(?! period)")


def find_actions(session: SessionForReading, profile: Profile, people: list[str]) -> Finding[list[dict[str, str]]]:
    """What was done towards each person: the first sentence in which a person names them beside such a verb decides."""
    actions: dict[str, tuple[str, int]] = {}
    for turn in spoken_in(session).turns:
        text = f"compose: {turn.words}" if turn.skill == "compose" else turn.words
        for sentence in re.split(r"(?<=[.?!])\s+|\n|; ", text):
            for person in profile.people:
                if person.name not in people or person.name in actions:
                    continue
                if not _typed_pattern(person, profile).search(sentence):
                    continue
                done = next((name for name, verb in _ACTIONS if re.search(verb, sentence, re.IGNORECASE)), None)
                if done is not None:
                    actions[person.name] = (done, turn.entry_no)
    found = [{"person": name, "action": actions[name][0]} for name in people if name in actions]
    return Finding(found, tuple(sorted({actions[item["person"]][1] for item in found})))


def judge_outreach(session: SessionForReading, *, has_people_work: bool, people: list[str]) -> Finding[str]:
    """Who made the move, by the words of the title and the first two turns.

    `none` where nobody was to be reached: nothing was written to anybody, and the work is not about people or names
    none. Else words of answering, or of somebody who asked, sent or wrote, make it `reactive`; without them it is
    `proactive`.

    Args:
        has_people_work: The workflow is mail, meetings, agreements, events or relationships.
        people: Those of the profile that the session names.
    """
    spoken = spoken_in(session)
    asked = " ".join([spoken.title, spoken.first, *(turn.words for turn in spoken.turns[1:2])])
    wrote = any(
        entry.kind in ("tool", "tool_error") and re.search(r"send|create_draft|reply|post_message", entry.tool or "")
        for entry in session.entries
    )
    if not (wrote or (has_people_work and (people or _ADDRESSED.search(asked)))):
        return Finding("none", spoken.first_entry)
    return Finding("reactive" if _REACTIVE.search(asked) else "proactive", spoken.first_entry)
