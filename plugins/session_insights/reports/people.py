"""Relationship pulse: contacts by person, who wrote first, and who has gone quiet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from session_insights.measures import Comparison, by_key
from session_insights.profile import Profile
from session_insights.reports.charts.unit_boxes import draw_contacts
from session_insights.wording import count_delta, number, plural, shorten

MOST_ROWS = 8


@dataclass(frozen=True)
class PersonRow:
    name: str
    person: str | None  # whole, as it is stored; None: several
    about: str
    contacts: str
    chart: Markup | None
    reactive: str | None  # None: nobody judged who wrote first
    proactive: str | None
    was: str
    change: str


@dataclass(frozen=True)
class People:
    rows: tuple[PersonRow, ...]
    all: PersonRow
    direction_note: str
    has_past: bool  # contacts compare with the window before


def build_people(seen: Comparison, profile: Profile) -> People:
    """Those with one contact stand together in the last row, when they are more than one."""
    rows = sorted(
        seen.current.get("relationship_pulse", []), key=lambda row: (-(row["contact_count"] or 0), row["person"])
    )
    before = by_key(seen.previous, "relationship_pulse", "person")
    about = {person.name: person.about for person in profile.people}
    named = [row for row in rows if row["contact_count"] > 1][:MOST_ROWS]
    others = [row for row in rows if row not in named]
    if len(others) == 1 or not named:
        room = MOST_ROWS - len(named)
        named, others = named + others[:room], others[room:]
    groups = [[row] for row in named] + ([others] if others else [])
    widest = (
        max((_sum(group, "reactive_count") for group in groups), default=0),
        max((_sum(group, "proactive_count") + _undirected(group) for group in groups), default=0),
    )

    has_past = seen.has_judged_past and seen.has_whole_past

    def row_of(group: list[dict[str, Any]], name: str, text: str, was: int, person: str | None = None) -> PersonRow:
        contacts = _sum(group, "contact_count")
        reactive, proactive = _sum(group, "reactive_count"), _sum(group, "proactive_count")
        return PersonRow(
            name=name,
            person=person,
            about=text,
            contacts=number(contacts),
            chart=draw_contacts(reactive, proactive, _undirected(group), widest=widest),
            reactive=number(reactive) if reactive + proactive or not contacts else None,
            proactive=number(proactive) if reactive + proactive or not contacts else None,
            was=number(was) if has_past else "",
            change=count_delta(contacts, was).text if seen.is_comparable else "",
        )

    def was_of(group: list[dict[str, Any]]) -> int:
        return sum(before.get(row["person"], {}).get("contact_count") or 0 for row in group)

    built = [
        row_of(
            [row],
            shorten(row["person"], 40),
            shorten(about.get(row["person"], ""), 60),
            was_of([row]),
            row["person"],
        )
        for row in named
    ]
    if others:
        # Whoever is not named, those of last time too: so the column adds up.
        was_others = _sum(list(before.values()), "contact_count") - was_of(named)
        once = "once each" if all(row["contact_count"] == 1 for row in others) else "fewer contacts each"
        built.append(row_of(others, plural(len(others), "other"), once, was_others))
    everybody = row_of(
        rows, "All, " + plural(len(rows), "person", "people"), "", _sum(list(before.values()), "contact_count")
    )
    return People(rows=tuple(built), all=everybody, direction_note=_note(rows), has_past=has_past)


def _note(rows: list[dict[str, Any]]) -> str:
    unknown = _undirected(rows)
    if not unknown:
        return ""
    return f"Outlined: {plural(unknown, 'contact')} without a known direction, such as a mention."


def _sum(rows: list[dict[str, Any]], column: str) -> int:
    return sum(row.get(column) or 0 for row in rows)


def _undirected(rows: list[dict[str, Any]]) -> int:
    return max(0, _sum(rows, "contact_count") - _sum(rows, "reactive_count") - _sum(rows, "proactive_count"))
