"""Targets: what became of last month's, and the next ones."""

from __future__ import annotations

from dataclasses import dataclass

from session_insights.reports.story import Story
from session_insights.windows import Window, month_of
from session_insights.wording import MONTHS, capital, listed, long_day, spelled


@dataclass(frozen=True)
class Targets:
    headline: str
    rail: str
    month: str  # October
    month_before: str
    next_month: str
    title: str  # above the next ones


_WORDS = (("met", "met"), ("close", "close"), ("missed", "missed"), ("unknown", "unknown"))


def build_targets(story: Story, window: Window) -> Targets:
    month, before, after = (
        MONTHS[day.month - 1] for day in (window.start, window.previous().start, month_of(window.end).start)
    )
    if story.outcomes:
        counts = [(sum(one.verdict == verdict for one in story.outcomes), words) for verdict, words in _WORDS]
        said = listed([f"{spelled(count)} {words}" for count, words in counts if count])
        headline = f"{month}’s {'targets' if len(story.outcomes) > 1 else 'target'}: {said.replace(' and ', ', ')}"
        rail = f"Set when {before} was over, three at most, each with the figure that decides it."
    else:
        count = len(story.targets)
        headline = (
            f"{capital(spelled(count))} {'target' if count == 1 else 'targets'} for {after}"
            if count
            else "No figure calls for a target on this evidence"
        )
        rail = f"No target was set for {month}."
        if count:
            rail += f" The report of {long_day(month_of(window.end).end)} says how these went."
    return Targets(
        headline=headline,
        rail=rail,
        month=month,
        month_before=before,
        next_month=after,
        title=f"For {after}" if story.targets and story.outcomes else "",
    )
