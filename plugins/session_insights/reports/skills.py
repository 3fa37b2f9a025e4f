"""Skills gap: one box a session, filled where a skill was used, outlined where it could have been."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from session_insights.measures import Comparison, by_key, total
from session_insights.profile import Profile
from session_insights.reports.charts.unit_boxes import draw_used_missed
from session_insights.wording import number, plural, shorten

MOST_ROWS = 12


@dataclass(frozen=True)
class SkillRow:
    name: str
    skill: str  # whole, as it is stored
    when: str
    chart: Markup
    used: str
    used_was: str
    missed: str | None  # None: nothing was read
    missed_was: str
    instead: str  # what happened in place of it
    is_missed: bool


@dataclass(frozen=True)
class Skills:
    rows: tuple[SkillRow, ...]
    notes: tuple[str, ...]
    used: str
    used_was: str
    missed: str | None  # None: nothing was read
    missed_was: str
    has_past: bool
    has_missed_past: bool  # who missed a skill is judged: by the same reader as last time


def build_skills(seen: Comparison, profile: Profile) -> Skills:
    used = by_key(seen.current, "skills_used", "skill")
    missed = by_key(seen.current, "skills_missed", "skill")
    used_was = by_key(seen.previous, "skills_used", "skill")
    missed_was = by_key(seen.previous, "skills_missed", "skill")
    is_read = seen.now.read_count > 0
    when = {skill.name: skill.when for skill in profile.skills}

    def count(rows: dict[str, dict[str, int]], name: str) -> int:
        return rows.get(name, {}).get("session_count") or 0

    names = sorted(
        {*used, *missed}, key=lambda name: (-count(used, name) - count(missed, name), -count(missed, name), name)
    )
    rows = []
    for name in names[:MOST_ROWS]:
        evidence = missed.get(name, {}).get("evidence") or []
        detail = next((item["detail"] for item in evidence if item.get("detail")), "")
        title = next((item["title"] for item in evidence if item.get("title")), "")
        # By rules, what a session was for is what was typed.
        detail = f"typed “{shorten(detail, 90)}”" if detail and seen.is_offline else shorten(detail, 90)
        instead = detail or (f"as in “{shorten(title, 70)}”" if title else "")
        if count(missed, name) == 1 and instead:
            instead = f"One incident: {instead}"
        rows.append(
            SkillRow(
                name=shorten(name, 40),
                skill=name,
                when=shorten(when.get(name, ""), 80),
                chart=draw_used_missed(count(used, name), count(missed, name)),
                used=number(count(used, name)),
                used_was=number(count(used_was, name)),
                missed=number(count(missed, name)) if is_read else None,
                missed_was=number(count(missed_was, name)),
                instead=instead if count(missed, name) else "none missed" if is_read else "",
                is_missed=count(missed, name) > 0,
            )
        )
    return Skills(
        rows=tuple(rows),
        notes=tuple(_notes(rows, len(names) - MOST_ROWS)),
        used=number(total(list(used.values()), "session_count")),
        used_was=number(total(list(used_was.values()), "session_count")),
        missed=number(total(list(missed.values()), "session_count")) if is_read else None,
        missed_was=number(total(list(missed_was.values()), "session_count")),
        has_past=seen.has_past,
        has_missed_past=seen.has_judged_past,
    )


def _notes(rows: Sequence[SkillRow], more_count: int) -> Iterator[str]:
    if any(row.missed == "1" for row in rows):
        yield "“Missed once” is one incident and gets no advice."
    if more_count > 0:
        verb = "is" if more_count == 1 else "are"
        yield f"{plural(more_count, 'more skill')} with fewer sessions {verb} in the sum only."
