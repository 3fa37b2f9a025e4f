"""What stands in the rail beside a section: how its figures are counted, from how many sessions."""

from __future__ import annotations

from dataclasses import dataclass

from session_insights.measures import Comparison
from session_insights.wording import PeriodWords, listed, number, plural

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


def build_rails(seen: Comparison, words: PeriodWords, automated: tuple[int, int]) -> Rails:
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
    glance = (
        f"Figures from {sessions} of yours. Judgements{' by rules' if seen.is_offline else ''} from"
        f"{whole or ' all of them'}."
        if now.session_count
        else "What ran by itself stands under System health."
    )
    own = f" {number(now.session_count)}" if now.session_count else ""
    return Rails(
        glance=glance,
        figures=f"Columns: the last 8 weeks from zero, {words.this} in colour. Corrections: per 10 sessions read.",
        attention="Active minutes: pauses count up to 5 minutes. A session that served two businesses counts once, "
        f"under the first.{by_rules}",
        priorities=f"{of_read}Tick: your target, from your profile.{by_rules}",
        friction=f"A pattern needs at least two sessions. Lines share one scale: times per 10 sessions read.{by_rules}",
        skills="Used is counted from the transcript. Missed is judged"
        f"{' by rules' if seen.is_offline else ''}: a skill of yours fits what was done by hand.",
        people=f"A contact is one person in one session. Proactive: you wrote first. n = {read} read.{by_rules}",
        value=estimator,
        health=f"{kept or 'Automated sessions'} are kept apart from your own{own}.",
        next="Each line can be copied: click it once to select it whole.",
    )


def _unknown(count: int) -> str:
    return "." if not count else f"; {number(count)} {'is' if count == 1 else 'are'} unknown and count as nothing."
