"""What only a month's report has, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from session_insights.reports.content import Month
from session_insights.reports.heat import HeatRow
from session_insights.reports.markdown_text import advice, big, change, code, escape, inline, shown, table
from session_insights.reports.returns import SkillReturn
from session_insights.reports.story import Story

_OUTCOMES = {"met": "✓ Met", "close": "○ Close", "missed": "✕ Missed"}


def write_months(month: Month, *, has_past: bool) -> Iterator[str]:
    part = month.months
    rows = [
        [escape(row.label), *map(shown, row.cells), *([change(row.delta)] if has_past else [])] for row in part.rows
    ]
    yield table(["Month", *part.names, *([f"Against {part.names[-2]}"] if has_past else [])], rows)


def write_returns(month: Month) -> Iterator[str]:
    part = month.returns
    yield big(part.figures, needs_reader=part.needs_reader)
    yield escape(part.caution)
    if part.skills and part.all_skills:
        yield (
            f"Time saved by skill, for {escape(part.all_skills.read_count)} sessions read. A session with two skills "
            "counts under the first by name. Per session: of those with an estimate."
        )
        rows = [
            (_skill_name(row), escape(row.read_count), shown(row.saved), shown(row.average))
            for row in (*part.skills, part.all_skills)
        ]
        yield table(["Skill", "Sessions", "Saved", "Per session"], rows)
        yield inline(part.few)
    if part.businesses and part.all_businesses:
        yield "Time saved and skills used against cost, by business. Estimates: sessions read that have one."
        lines = [
            (shown(row.name), *map(shown, (row.saved, row.estimates, row.with_skill, row.cost, row.hour)))
            for row in (*part.businesses, part.all_businesses)
        ]
        head = ["Business", "Saved, at least", "Estimates", "With a skill", "Cost", "Cost an hour saved"]
        yield table(head, lines)


def _skill_name(row: SkillReturn) -> str:
    if row.name is None:
        return "*no skill*"
    return "All" if row.name == "All" else code(f"/{row.name}")


def write_heat(month: Month) -> Iterator[str]:
    part = month.heat
    if not part.rows or part.all is None:
        return

    def line(row: HeatRow, none: str = "·") -> list[str]:
        name = f"{row.name}, {row.about}" if row.about else row.name
        return [escape(name), *(escape(cell.count) or none for cell in row.cells), escape(row.all)]

    others = [line(part.others)] if part.others else []
    yield table([part.month, *part.weeks, "Month"], [*map(line, part.rows), *others, line(part.all, none="0")])


def write_targets(month: Month, story: Story) -> Iterator[str]:
    part = month.targets
    if story.outcomes:
        rows = [
            (inline(one.title), *map(escape, (one.aim, one.was, one.now)), _OUTCOMES.get(one.verdict, shown(None)))
            for one in story.outcomes
        ]
        yield table([f"Target for {part.month}", "Aim", part.month_before, part.month, "Verdict"], rows)
    if not story.targets:
        yield "No finding of two sessions or more calls for a target."
        return
    if part.title:
        yield f"### {escape(part.title)}"
    yield from advice(story.targets)
