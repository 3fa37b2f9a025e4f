"""People and weeks: who carries the month, and who went quiet in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from session_insights.measures import total
from session_insights.narratives.sections import SectionText
from session_insights.narratives.subject import Subject, plain
from session_insights.wording import half_up, listed, long_day, number, plural

FEWEST = 3  # contacts from which on silence says something
SILENT_DAYS = 14  # at the end of the month


@dataclass(frozen=True)
class Quiet:
    person: str
    contact_count: int
    last_week: date  # first day of the last week with a contact


def find_quiet(subject: Subject) -> list[Quiet]:
    """Who had contacts early in the month and none in its last two weeks, most contacts first."""
    rows = subject.seen.current.get("people_by_calendar_week", [])
    weeks = subject.seen.current.get("summary_by_week", [])
    if not rows or not weeks:
        return []
    end = date.fromisoformat(str(weeks[-1]["week_start"])[:10]) + timedelta(days=7)
    counts: dict[str, int] = {}
    last: dict[str, date] = {}
    for row in rows:
        start = date.fromisoformat(str(row["week_start"])[:10])
        counts[row["person"]] = counts.get(row["person"], 0) + row["contact_count"]
        last[row["person"]] = max(start, last.get(row["person"], start))
    quiet = [
        Quiet(person, counts[person], week)
        for person, week in last.items()
        if counts[person] >= FEWEST and _saturday(week) < end - timedelta(days=SILENT_DAYS)
    ]
    return sorted(quiet, key=lambda item: (-item.contact_count, item.person))


def _saturday(day: date) -> date:
    return day + timedelta(days=(5 - day.weekday()) % 7)


def write_contacts(subject: Subject) -> SectionText:
    """Who holds most contacts, and who went quiet."""
    if not subject.seen.now.read_count:
        return SectionText(headline="Nothing was read, so contacts are unknown")
    pulse = sorted(
        subject.seen.current.get("relationship_pulse", []), key=lambda row: (-row["contact_count"], row["person"])
    )
    whole = half_up(total(pulse, "contact_count"))
    if not whole:
        return SectionText(headline=f"Nobody was named in {subject.read} read")
    top = pulse[:2] if len(pulse) > 2 else pulse[:1]
    held = half_up(total(top, "contact_count"))
    names = listed([plain(row["person"], 40) for row in top])
    quiet = find_quiet(subject)
    gone = f", and {plain(quiet[0].person, 40)} went quiet" if quiet else ""
    texts = [
        f"{plain(one.person, 40)} had {plural(one.contact_count, 'contact')} and was last named in the week of "
        f"{long_day(one.last_week)}."
        for one in quiet[:2]
    ]
    verb = "hold" if len(top) > 1 else "holds"
    return SectionText(
        headline=f"{names} {verb} {number(held)} of {plural(whole, 'contact')}{gone}",
        paragraphs=(" ".join(texts),) if texts else (),
    )
