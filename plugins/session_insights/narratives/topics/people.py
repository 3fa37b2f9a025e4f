"""The relationship pulse: how many people, who wrote first, who has gone quiet."""

from __future__ import annotations

from session_insights.measures import Comparison, by_key, total
from session_insights.narratives.sections import SectionText
from session_insights.narratives.subject import Subject, against, plain
from session_insights.wording import half_up, listed, number, percent, plural, points_delta


def write_people(subject: Subject) -> SectionText:
    seen, words = subject.seen, subject.words
    now, was = seen.now, seen.was
    if now.people_count is None or now.contact_count is None:
        return SectionText(headline="Nothing was read, so contacts are unknown")
    if not now.people_count:
        return SectionText(headline=f"Nobody was named in {subject.read} read")
    change = now.people_count - (was.people_count or 0)
    if not seen.is_comparable or was.people_count is None:
        begin = f"{plural(now.people_count, 'person', 'people')} in {plural(now.contact_count, 'contact')}"
    elif abs(change) <= 2:
        begin = f"About as many people as {words.last}"
    else:
        begin = "More people" if change > 0 else "Fewer people"
    pulse = seen.current.get("relationship_pulse", [])
    mine, theirs = total(pulse, "proactive_count"), total(pulse, "reactive_count")
    if mine + theirs >= 5:
        share = mine / (mine + theirs)
        begin += ", and mostly you wrote first" if share >= 0.6 else ", and mostly you answered" if share <= 0.4 else ""
        if 0.4 < share < 0.6:
            begin += f", and you wrote first in {number(mine)} of {number(mine + theirs)}"
    return SectionText(
        headline=begin, paragraphs=tuple(text for text in (_direction(subject), _quiet(subject)) if text)
    )


def _direction(subject: Subject) -> str:
    seen, words = subject.seen, subject.words
    sums = []
    for aggregates in (seen.current, seen.previous):
        rows = aggregates.get("relationship_pulse", [])
        mine, theirs = half_up(total(rows, "proactive_count")), half_up(total(rows, "reactive_count"))
        sums.append((mine, mine + theirs))
    (mine, known), (was_mine, was_known) = sums
    text = ""
    if known:
        share = percent(mine, known) or 0
        all_known = known == seen.now.contact_count
        which = plural(known, "contact") if all_known else f"{plural(known, 'contact')} whose direction is known"
        text = f"You started {number(mine)} of {which} ({share}%)"
        if seen.has_past and was_known:
            was_share = percent(was_mine, was_known) or 0
            delta = points_delta(share, was_share, better=None, level=0)
            text += f", {against(delta, f'{was_mine} of {was_known}, {was_share}%', words)}"
        text += ". "
    if seen.is_comparable:
        text += _changed_people(seen)
    return text.strip()


def _changed_people(seen: Comparison) -> str:
    """Who changed most, if by three contacts or more; nobody is singled out of a crowd."""
    now = by_key(seen.current, "relationship_pulse", "person")
    was = by_key(seen.previous, "relationship_pulse", "person")
    changes = []
    for person in dict.fromkeys([*now, *was]):
        counts = [rows.get(person, {}).get("contact_count") or 0 for rows in (was, now)]
        changes.append((abs(counts[1] - counts[0]), str(person), counts))
    largest = max((size for size, _, _ in changes), default=0)
    top = sorted(change for change in changes if change[0] == largest)
    if largest < 3 or len(top) > 3:
        return ""
    first, *rest = [(plain(name), counts) for _, name, counts in top]
    names = [f"{first[0]} went from {plural(first[1][0], 'contact')} to {number(first[1][1])}"]
    names += [f"{name} from {number(counts[0])} to {number(counts[1])}" for name, counts in rest]
    return f"{listed(names)}."


def _quiet(subject: Subject) -> str:
    """Who had contacts in three weeks or more and then none for three weeks or more."""
    weeks = [str(row["week_start"])[:10] for row in subject.seen.current.get("summary_by_week", [])]
    met: dict[str, set[int]] = {}
    for row in subject.seen.current.get("people_by_week", []):
        start = str(row["week_start"])[:10]
        if start in weeks and row["contact_count"]:
            met.setdefault(str(row["person"]), set()).add(weeks.index(start))
    quiet = sorted(
        (person, len(weeks) - 1 - max(at), len(at))
        for person, at in met.items()
        if len(at) >= 3 and len(weeks) - 1 - max(at) >= 3
    )
    if not quiet:
        return ""
    names = [
        f"{plain(person)}, in none of the last {silent} weeks; {_before(count, len(weeks) - silent)}"
        for person, silent, count in quiet[:3]
    ]
    return f"**Gone quiet:** {'. '.join(names)}."


def _before(count: int, weeks: int) -> str:
    return f"in each of the {weeks} weeks before" if count == weeks else f"in {count} of the {weeks} weeks before"
