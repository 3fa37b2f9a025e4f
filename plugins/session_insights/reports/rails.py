"""What stands in the rail beside a section: how its figures are counted, from how many sessions."""

from __future__ import annotations

from dataclasses import dataclass

from session_insights.measures import Comparison
from session_insights.windows import Window
from session_insights.wording import PeriodWords, day_range, listed, long_day, number, plural

_KEPT = ("automated session", "sub-agent run")


@dataclass(frozen=True)
class Rails:
    glance: str
    figures: str
    attention: str
    priorities: str
    friction: str
    skills: str
    people: str
    value: str
    health: str
    next: str


def build_rails(seen: Comparison, words: PeriodWords, window: Window, automated: tuple[int, int]) -> Rails:
    """`automated` is automated sessions and sub-agent runs."""
    now = seen.now
    sessions, read = plural(now.session_count, "session"), plural(now.read_count, "session")
    whole = "" if now.read_count == now.session_count else f" the {number(now.read_count)} that were read"
    by_rules = " Judged by rules." if seen.is_offline else ""
    if not now.read_count:
        estimator = "Needs a reader: no session was read."
    elif seen.is_offline and now.time_saved_minutes is None:
        estimator = "Rules do not judge what time was saved."
    else:
        estimator = (
            "Time saved is Claude’s estimate against doing it by hand. "
            f"{number(now.time_saved_known_count)} of {read} {'has' if now.time_saved_known_count == 1 else 'have'} one"
            + _unknown(now.read_count - now.time_saved_known_count)
        )
    of_read = f"Share of the {number(now.read_minutes)} minutes in the {read} read. " if now.read_count else ""
    kept = listed([plural(count, name) for count, name in zip(automated, _KEPT, strict=True) if count])
    judgements = f"Judgements{' by rules' if seen.is_offline else ''} from{whole or ' all of them'}."
    if not now.read_count:
        judgements = "None was read yet." if now.session_count > 1 else "It was not read yet."
    glance = (
        f"Figures from {sessions} of yours. {judgements}"
        if now.session_count
        else "What ran by itself stands under System health."
    )
    own = f" {number(now.session_count)}" if now.session_count else ""
    return Rails(
        glance=glance,
        figures=f"{_columns(seen, words, window)} Corrections: per 10 sessions read.",
        attention="Active minutes: pauses count up to 5 minutes. "
        f"{_shared(now.shared_session_count, now.read_count)}{by_rules}",
        priorities=f"{of_read}Targets are from your profile.{by_rules}",
        friction=f"A pattern needs at least two sessions. Lines share one scale: times per 10 sessions read.{by_rules}",
        skills="Used is counted from the transcript. Missed is judged"
        f"{' by rules' if seen.is_offline else ''}: a skill of yours fits what was done by hand.",
        people="A contact is one person in one session. Proactive: you wrote first. "
        f"{_named(now.named_session_count, now.read_count)}{by_rules}",
        value=estimator,
        health=f"{kept or 'Automated sessions'} are kept apart from your own{own}.",
        next="Each line can be copied: click it once to select it whole.",
    )


def _columns(seen: Comparison, words: PeriodWords, window: Window) -> str:
    """What the columns of a card are, and what a difference is against where it is not the column before."""
    series = seen.series
    if words.noun == series.noun:
        return f"Columns: the last {len(series.measures) or 8} {series.noun}s from zero, {words.this} in colour."
    before = window.previous()
    return (
        f"Columns: the last 8 weeks from zero, 7 days each up to {long_day(window.last_day)}; none is {words.this}. "
        f"Differences: against {day_range(before.start, before.last_day)}."
    )


def _shared(count: int | None, read_count: int) -> str:
    of_read = f" ({number(count)} of {number(read_count)})" if count is not None and read_count else ""
    return f"A session that served two businesses counts once, under the first{of_read}."


def _named(count: int | None, read_count: int) -> str:
    read = plural(read_count, "session")
    if count is None or not read_count:
        return f"n = {read} read."
    return f"{number(count)} of {read} {'names' if read_count == 1 else 'name'} somebody."


def _unknown(count: int) -> str:
    return "." if not count else f"; {number(count)} {'is' if count == 1 else 'are'} unknown and count as nothing."
