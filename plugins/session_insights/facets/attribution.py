"""Whom a session's work was for, and which skill was passed over: by the profile's paths and words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache

from session_insights.facets import phrases
from session_insights.facets.turns import Finding, Turn, human_turns
from session_insights.profile import Priority, Profile
from session_insights.records import SessionForReading

_FILES_SHARE = 0.3  # of the files touched, for a business beside the main one
_ENOUGH = 1.5  # score at which a priority counts as matched


@dataclass(frozen=True)
class Spoken:
    """What people said in a session, by how much it tells of what the session is about."""

    title: str
    first: str
    others: str
    turns: tuple[Turn, ...]

    @property
    def first_entry(self) -> tuple[int, ...]:
        return (self.turns[0].entry_no,) if self.turns else ()


def spoken_in(session: SessionForReading) -> Spoken:
    turns = human_turns(session)
    first = turns[0].full_words if turns else ""
    skills = " ".join(turn.skill or "" for turn in turns)
    return Spoken(
        title=session.title or "",
        first=f"{turns[0].skill or ''} {first}" if turns else "",
        others=" ".join([*(turn.words for turn in turns[1:]), skills]),
        turns=tuple(turns),
    )


@cache
def word_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words or phrases as a whole, singular or plural; spaces stand for any white space or a dash."""
    parts = [r"[\s-]+".join(re.escape(part) for part in word.split()) for word in words if word.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?:s|es)?(?!\w)" if parts else r"(?!)", re.IGNORECASE)


def hits(words: tuple[str, ...], text: str) -> set[str]:
    """Which of the words stand in the text."""
    return {re.sub(r"[\s-]+", " ", found.lower()).rstrip("s") for found in word_pattern(words).findall(text)}


def judge_businesses(session: SessionForReading, profile: Profile) -> Finding[list[str]] | None:
    """Businesses served, the main one first; None when nothing points to one.

    The folder of the session decides; where it matches several, words do. Then the folders of the files touched, then
    words: in the title or the first prompt, or two different ones elsewhere. Other businesses are added when at least
    three in ten of the files touched lie in their folders.
    """
    spoken = spoken_in(session)
    files = list(session.files_touched) or [entry.file_path for entry in session.entries if entry.file_path]
    scores: dict[str, float] = {}
    for business in profile.businesses:
        by_folder = _matches(business.paths, [session.cwd or "", session.project or ""])
        share = _share(business.paths, files)
        words = 2 * len(hits(business.words, f"{spoken.title} {spoken.first}")) + len(
            hits(business.words, spoken.others)
        )
        if by_folder:
            scores[business.slug] = 100 + words
        elif share >= _FILES_SHARE:
            scores[business.slug] = 50 * share + words
        elif words >= 2 and not _any_folder(profile, session):
            scores[business.slug] = words
    if not scores:
        return None
    order = {business.slug: place for place, business in enumerate(profile.businesses)}
    ranked = sorted(scores, key=lambda slug: (-scores[slug], order[slug]))
    kept = ranked[:1] + [slug for slug in ranked[1:] if 15 <= scores[slug] < 100]
    return Finding(kept, spoken.first_entry)


def _any_folder(profile: Profile, session: SessionForReading) -> bool:
    return any(_matches(business.paths, [session.cwd or "", session.project or ""]) for business in profile.businesses)


def _matches(patterns: Iterable[str], paths: Iterable[str]) -> bool:
    return any(fnmatch(path.lower(), pattern.lower()) for pattern in patterns for path in paths if path)


def _share(patterns: tuple[str, ...], files: list[str]) -> float:
    return sum(_matches(patterns, [file]) for file in files) / len(files) if files else 0.0


@dataclass(frozen=True)
class Alignment:
    """Which priority a session moved forward, and how it stands to priorities at all."""

    alignment: str
    priority: str | None
    entries: tuple[int, ...]


def judge_alignment(
    session: SessionForReading,
    profile: Profile,
    *,
    main_business: str | None,
    workflow: str | None,
    people: list[str],
) -> Alignment:
    """Match priorities by business, words, people and kind of work.

    A priority scores 1.5 for its business, 2 for each of its words in the title, 1 for each in the first prompt, 0.25
    for each elsewhere; 1.5 if one of its words stands in what the profile says about a person of the title or first
    prompt; 1.5 if its name has the kind of work in it. One that names businesses scores only for sessions of those.
    1.5 points match it: `aligned`. Below that, a word in the title or first prompt makes the session `supportive`.
    `drift` is what the person calls a distraction and what matches nothing; the rest is `neutral`.

    Args:
        people: Names of the profile that the session deals with.
    """
    spoken = spoken_in(session)
    opening = f"{spoken.title} {spoken.first}"
    about = " ".join(
        person.about for person in profile.people if person.name in people and person.name.split()[0] in opening
    )
    scored = [
        (_score(priority, spoken, main_business, workflow=workflow, about_people=about), priority.slug)
        for priority in profile.priorities
    ]
    best = max(scored, default=(0.0, ""), key=lambda item: item[0])
    if best[0] >= _ENOUGH:
        return Alignment("aligned", best[1], spoken.first_entry)
    distracted = tuple(turn.entry_no for turn in spoken.turns if phrases.DISTRACTION.search(turn.words))
    if distracted:
        return Alignment("drift", None, distracted)
    if best[0] >= 1:
        return Alignment("supportive", None, spoken.first_entry)
    return Alignment("neutral", None, spoken.first_entry)


def _score(
    priority: Priority, spoken: Spoken, main_business: str | None, *, workflow: str | None, about_people: str
) -> float:
    if priority.businesses and main_business is not None and main_business not in priority.businesses:
        return 0.0
    score = _ENOUGH if priority.businesses and main_business in priority.businesses else 0.0
    score += _ENOUGH if hits(priority.words, about_people) else 0.0
    kinds = [kind for kind in (workflow or "").split("-") if len(kind) > 5]
    score += _ENOUGH if any(part.startswith(kind) for part in priority.slug.split("-") for kind in kinds) else 0.0
    score += 2 * len(hits(priority.words, spoken.title))
    score += len(hits(priority.words, spoken.first))
    return score + 0.25 * len(hits(priority.words, spoken.others))


def judge_skills_missed(session: SessionForReading, profile: Profile, used: list[str]) -> Finding[list[str]]:
    """Skills whose triggers stand in what was asked and that did not run; asking by slash is no miss."""
    missed: dict[str, int] = {}
    ran = {name.rpartition(":")[2] for name in used}
    for skill in profile.skills:
        if not skill.triggers or skill.name in ran:
            continue
        for turn in spoken_in(session).turns:
            if turn.skill is None and not turn.is_refusal and hits(skill.triggers, turn.words):
                missed[skill.name] = turn.entry_no
                break
    return Finding(list(missed), tuple(missed.values()))


def judge_projects(session: SessionForReading) -> list[str] | None:
    """The project folder as a slug."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", (session.project or "").lower()).strip("-.")
    return [slug] if slug else None
