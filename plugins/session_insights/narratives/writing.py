"""Figures to a narrative: by rules, or by Claude with every sentence checked."""

from __future__ import annotations

from session_insights.measures import compare, first_row
from session_insights.narratives.advice import write_recommendations, write_verdicts
from session_insights.narratives.glance import write_bullets, write_headline, write_lede
from session_insights.narratives.sections import Narrative
from session_insights.narratives.subject import Subject
from session_insights.narratives.topics import WRITERS
from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.windows import Window
from session_insights.wording import day_range, period_words, plural


def write_offline(figures: Figures, profile: Profile, window: Window, *, last: Narrative | None = None) -> Narrative:
    """A narrative by rules, every sentence made from the figures.

    Args:
        last: The narrative of the period before; its recommendations get their verdicts.
    """
    subject = Subject(compare(figures.current, figures.previous), profile, period_words(window.start, window.end))
    return Narrative(
        headline=write_headline(subject),
        lede=write_lede(subject) or _nothing(subject, window),
        glance=write_bullets(subject),
        recommendations=write_recommendations(subject, window.end),
        verdicts=write_verdicts(subject, last),
        writer="offline",
        **{name: write(subject) for name, write in WRITERS.items()},
    )


def _nothing(subject: Subject, window: Window) -> str:
    automated = first_row(subject.seen.current, "coverage").get("automated_count") or 0
    ran = f" {plural(automated, 'automated session')} ran, see System health." if automated else ""
    return f"No sessions of yours from {day_range(window.start, window.last_day)}.{ran}"
