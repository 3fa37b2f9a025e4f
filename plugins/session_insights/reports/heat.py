"""People and weeks: a cell a person and week, the darker the more contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from session_insights.measures import Comparison
from session_insights.profile import Profile
from session_insights.windows import Window
from session_insights.wording import MONTHS, capital, number, plural, shorten, spelled

MOST_ROWS = 10
PALEST, STEP, DARKEST = 8, 6, 44  # percent of the accent: the number in the cell keeps its contrast


@dataclass(frozen=True)
class Cell:
    count: str  # empty: no contact
    tint: int  # percent of the accent


@dataclass(frozen=True)
class HeatRow:
    name: str
    about: str
    cells: tuple[Cell, ...]
    all: str


@dataclass(frozen=True)
class Heat:
    rail: str
    month: str
    weeks: tuple[str, ...]  # 4–10
    rows: tuple[HeatRow, ...]
    others: HeatRow | None
    all: HeatRow | None


def build_heat(seen: Comparison, profile: Profile, window: Window) -> Heat:
    """Most contacts first; those with one stand together in the last row, when they are more than one."""
    weeks = _weeks(window)
    counts: dict[str, dict[date, int]] = {}
    for row in seen.current.get("people_by_calendar_week", []):
        start = date.fromisoformat(str(row["week_start"])[:10])
        counts.setdefault(str(row["person"]), {})[start] = row["contact_count"]
    people = sorted(counts, key=lambda person: (-sum(counts[person].values()), person))
    shown = [person for person in people if sum(counts[person].values()) > 1][:MOST_ROWS]
    if len(people) - len(shown) == 1 or not shown:
        shown = people[: max(MOST_ROWS, len(shown) + 1)]
    about = {person.name: person.about for person in profile.people}
    starts = [start for start, _ in weeks]

    def line(name: str, about: str, group: list[str], *, is_tinted: bool) -> HeatRow:
        sums = [sum(counts[person].get(start, 0) for person in group) for start in starts]
        tints = [min(DARKEST, PALEST + STEP * count) if is_tinted and count else 0 for count in sums]
        cells = tuple(Cell(number(count) if count else "", tint) for count, tint in zip(sums, tints, strict=True))
        return HeatRow(shorten(name, 40), shorten(about, 60), cells, number(sum(sums)))

    rest = people[len(shown) :]
    return Heat(
        rail=_rail(weeks, window),
        month=MONTHS[window.start.month - 1],
        weeks=tuple(f"{start.day}–{last.day}" if start != last else str(start.day) for start, last in weeks),
        rows=tuple(line(person, about.get(person, ""), [person], is_tinted=True) for person in shown),
        others=line(plural(len(rest), "other"), "", rest, is_tinted=False) if rest else None,
        all=line("All", "", people, is_tinted=False) if people else None,
    )


def _weeks(window: Window) -> list[tuple[date, date]]:
    """First and last day of each week from Sunday to Saturday, cut at the window's edges."""
    weeks, start = [], window.start
    while start < window.end:
        saturday = start + timedelta(days=(5 - start.weekday()) % 7)
        weeks.append((start, min(saturday, window.last_day)))
        start = saturday + timedelta(days=1)
    return weeks


def _rail(weeks: list[tuple[date, date]], window: Window) -> str:
    text = "A contact is one person in one session; a session counts in the week in which you first spoke in it."
    month = MONTHS[window.start.month - 1]
    for start, last in (weeks[0], weeks[-1]):
        days = (last - start).days + 1
        if days == 1:
            text += f" {start.day} {month} is a part week of one day."
        elif days < 7:
            text += f" {start.day} to {last.day} {month} is a part week of {spelled(days)} days."
    return capital(text)
