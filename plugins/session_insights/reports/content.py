"""Everything a report says, as finished values: what HTML, Markdown and chat are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from session_insights.measures import Comparison, compare, first_row
from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.reports.attention import Attention, DayLink, build_attention
from session_insights.reports.cards import Card, build_cards
from session_insights.reports.friction import Friction, build_friction
from session_insights.reports.health import Health, build_health
from session_insights.reports.heat import Heat, build_heat
from session_insights.reports.masthead import Foot, Masthead, build_foot, build_masthead
from session_insights.reports.months import Months, build_months
from session_insights.reports.people import People, build_people
from session_insights.reports.priorities import Priorities, build_priorities
from session_insights.reports.rails import Rails, build_rails
from session_insights.reports.returns import Returns, build_returns
from session_insights.reports.skills import Skills, build_skills
from session_insights.reports.story import Story
from session_insights.reports.targets import Targets, build_targets
from session_insights.reports.value import Value, build_value
from session_insights.windows import Window
from session_insights.wording import PeriodWords, capital, period_words, spelled


@dataclass(frozen=True)
class ReportFacts:
    """What is known about the report itself."""

    made_at: datetime  # of the snapshot, so that a re-run repeats byte for byte
    version: str  # of the package


@dataclass(frozen=True)
class Content:
    """One report."""

    words: PeriodWords
    window: Window
    is_first: bool
    is_offline: bool
    is_empty: bool  # no session of yours
    is_unread: bool  # there are sessions, but none was read
    story: Story
    contents: tuple[tuple[str, str], ...]  # sections of the page: id and name
    section_names: dict[str, str]
    next_headline: str
    verdicts_title: str
    masthead: Masthead
    rails: Rails
    cards: tuple[Card, ...]
    attention: Attention
    priorities: Priorities
    friction: Friction
    skills: Skills
    people: People
    value: Value
    health: Health
    foot: Foot
    month: Month | None  # what only a calendar month has


@dataclass(frozen=True)
class Month:
    months: Months
    returns: Returns
    heat: Heat
    targets: Targets


def build_content(
    figures: Figures,
    story: Story,
    profile: Profile,
    window: Window,
    facts: ReportFacts,
    *,
    link_days: DayLink | None = None,
) -> Content:
    """Pure: the same arguments give the same content.

    Args:
        link_days: Where the sessions of a bar's days are listed; without it bars are no links.
    """
    seen = compare(figures.current, figures.previous, window)
    words = period_words(window.start, window.end)
    return Content(
        words=words,
        window=window,
        is_first=seen.is_first,
        is_offline=seen.is_offline,
        is_empty=not seen.now.session_count,
        is_unread=bool(seen.now.session_count) and not seen.now.read_count,
        story=story,
        contents=tuple(_contents(seen, story, words)),
        section_names=_NAMES,
        next_headline=_NEXT[len(story.recommendations)],
        verdicts_title=f"{capital(words.last)}’s {spelled(len(story.verdicts))}"
        if words.noun != "period"
        else "What became of the last ones",
        masthead=build_masthead(seen, profile, window, words, facts.made_at, story.writer, story.cost_usd),
        rails=build_rails(seen, words, window, _automated(seen)),
        cards=tuple(build_cards(seen, words)),
        attention=build_attention(seen, profile, window, words, link_days),
        priorities=build_priorities(seen, profile, words),
        friction=build_friction(seen, profile, words),
        skills=build_skills(seen, profile),
        people=build_people(seen, profile),
        value=build_value(seen, profile, words),
        health=build_health(seen),
        foot=build_foot(
            seen,
            profile,
            window,
            words,
            made_at=facts.made_at,
            version=facts.version,
            writer=story.writer,
            text_usd=story.cost_usd,
            dropped_count=story.dropped_sentence_count,
            error=story.error,
        ),
        month=_month(seen, story, profile, window, words),
    )


def _month(seen: Comparison, story: Story, profile: Profile, window: Window, words: PeriodWords) -> Month | None:
    if not seen.is_month or story.months is None:
        return None
    return Month(
        months=build_months(seen),
        returns=build_returns(seen, profile, words),
        heat=build_heat(seen, profile, window),
        targets=build_targets(story, window),
    )


_NAMES = {
    "attention": "Attention",
    "priorities": "Priorities",
    "friction": "Friction",
    "skills": "Skills",
    "people": "People",
    "value": "Value",
    "health": "System health",
    "next": "Next week",
}
_NEXT = ("Nothing to change on this evidence", "One thing to try", "Two things to try", "Three things to try")


_MONTH_NAMES = {"months": "Month by month", "returns": "Return", "contacts": "People and weeks", "targets": "Targets"}


def _contents(seen: Comparison, story: Story, words: PeriodWords) -> Iterator[tuple[str, str]]:
    """Where there was no session there is nothing to judge; a month has targets in the place of advice."""
    is_month = seen.is_month and story.months is not None
    for name, title in _NAMES.items():
        if name == "next" and is_month:
            for month_name, month_title in _MONTH_NAMES.items():
                if seen.now.session_count or month_name in ("months", "targets"):
                    yield month_name, month_title
        elif name == "next":
            yield name, f"Next {words.noun}"
        elif seen.now.session_count or name == "health":
            yield name, title


def _automated(seen: Comparison) -> tuple[int, int]:
    coverage = first_row(seen.current, "coverage")
    return coverage.get("automated_count") or 0, coverage.get("subagent_count") or 0
