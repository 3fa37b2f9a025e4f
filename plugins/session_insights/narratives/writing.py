"""Figures to a narrative: by rules, or by Claude with every sentence checked."""

from __future__ import annotations

from collections.abc import Iterable

from session_insights.llm.asking import Client
from session_insights.measures import by_key, comparable, compare, connectors, first_row, measure
from session_insights.narratives.advice import write_recommendations, write_verdicts
from session_insights.narratives.coaching import write_targets
from session_insights.narratives.contacts import write_contacts
from session_insights.narratives.glance import write_bullets, write_headline, write_lede
from session_insights.narratives.grounding import drop_ungrounded, find_failing_sentences
from session_insights.narratives.known import Known, collect_known
from session_insights.narratives.months import write_months, write_returns
from session_insights.narratives.quantities import Way
from session_insights.narratives.request import build_request
from session_insights.narratives.sections import KeptTarget, MonthText, Narrative, NarrativeText, Target
from session_insights.narratives.subject import Subject
from session_insights.narratives.targets import YARDSTICKS, judge_targets, keep_targets
from session_insights.narratives.topics import WRITERS
from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.windows import Window
from session_insights.wording import day_range, period_words, plural

_TRIES = 2


def write_offline(figures: Figures, profile: Profile, window: Window, *, last: Narrative | None = None) -> Narrative:
    """A narrative by rules, every sentence made from the figures.

    Args:
        last: The narrative of the period before; its recommendations get their verdicts.
    """
    figures = _comparable(figures, window)
    seen = compare(figures.current, figures.previous, window)
    subject = Subject(seen, profile, period_words(window.start, window.end))
    narrative = Narrative(
        headline=write_headline(subject),
        lede=write_lede(subject) or _nothing(subject, window),
        glance=write_bullets(subject),
        verdicts=write_verdicts(subject, last),
        writer="offline",
        **{name: write(subject) for name, write in WRITERS.items()},
    )
    if not seen.is_month:
        return narrative.model_copy(update={"recommendations": write_recommendations(subject, window.end)})
    set_before = last.targets if last else ()
    return narrative.model_copy(
        update={
            "months": write_months(subject),
            "returns": write_returns(subject),
            "contacts": write_contacts(subject),
            "targets": write_targets(subject, set_before, window.end),
            "outcomes": judge_targets(set_before, figures.current, is_same_reader=seen.reader_change is None),
        }
    )


def _comparable(figures: Figures, window: Window) -> Figures:
    """Without what another reader judged: a text compares whatever it is given."""
    current, previous = comparable(figures.current, figures.previous, window)
    return Figures(current, previous)


def _nothing(subject: Subject, window: Window) -> str:
    automated = first_row(subject.seen.current, "coverage").get("automated_count") or 0
    ran = f" {plural(automated, 'automated session')} ran, see System health." if automated else ""
    return f"No sessions of yours from {day_range(window.start, window.last_day)}.{ran}"


def write_by_claude(
    figures: Figures,
    profile: Profile,
    window: Window,
    *,
    client: Client,
    model: str,
    last: Narrative | None = None,
) -> Narrative:
    """A narrative by Claude of which every sentence holds.

    Claude is asked once more, with the sentences that do not hold; what still does not is dropped and counted. Where
    there is no usable answer at all, the narrative by rules stands in, with the reason and with what was paid.

    Raises:
        SettingsError: Key, model or address is wrong.
        ClaudeUnavailable: Claude does not answer now.
    """
    figures = _comparable(figures, window)
    by_rules = write_offline(figures, profile, window, last=last)
    if not measure(figures.current).read_count:
        return by_rules  # nothing was read, so there is nothing to tell
    known = collect_known(figures, profile, window)
    _know(known, last.targets if last else ())
    answer_type: type[NarrativeText] = MonthText if by_rules.months else NarrativeText
    best: NarrativeText | None = None
    failing: list[str] = []
    cost: float | None = 0.0
    writer, version, error = model, 0, None
    for _ in range(_TRIES):
        prompt = build_request(figures, profile, window, by_rules, objections=failing)
        answer = client.ask(prompt=prompt, answer=answer_type, model=model)
        cost = None if cost is None or answer.cost_usd is None else cost + answer.cost_usd
        writer, version = answer.model, prompt.version
        if answer.value is None:
            error = answer.error
            break
        text = keep_advice(answer.value, figures, profile, window)
        _know(known, text.targets if isinstance(text, MonthText) else ())
        found = find_failing_sentences(text, known)
        if best is None or len(found) < len(failing):
            best, failing = text, found
        if not failing:
            break
    if best is None:
        return by_rules.model_copy(update={"cost_usd": cost, "error": error})
    narrative = drop_ungrounded(best, known, by_rules)
    return narrative.model_copy(update={"writer": writer, "prompt_version": version, "cost_usd": cost})


def _know(known: Known, targets: Iterable[Target]) -> None:
    """Where a target starts and where it should be may be said."""
    ways = {"%": Way.PERCENT, "per 10": Way.RATE, "count": Way.COUNT}
    for target in targets:
        for value in (target.to, target.start if isinstance(target, KeptTarget) else target.to):
            known.add(ways[YARDSTICKS[target.metric].unit], value)


def keep_advice(text: NarrativeText, figures: Figures, profile: Profile, window: Window) -> NarrativeText:
    """Advice that can be followed and measured: its skill is there, and what decides it is among the figures."""
    skills = {skill.name for skill in profile.skills} | set(by_key(figures.current, "skills_missed", "skill"))
    rows = {
        "skill_missed": skills,
        "connector_failures": set(connectors(figures.current)),
        "friction_sessions": set(by_key(figures.current, "top_friction", "finding")),
        "priority_share": {priority.slug for priority in profile.priorities},
    }
    if isinstance(text, MonthText):
        named = [target for target in text.targets if _names_a_skill(target.line, skills)]
        targets = keep_targets(named, figures.current, profile, window.end)
        return text.model_copy(update={"recommendations": (), "targets": targets})
    kept = []
    for advice in text.recommendations:
        if not _names_a_skill(advice.line, skills):
            continue
        decides = advice.decider is not None and advice.decider.by in rows[advice.decider.kind]
        kept.append(advice if decides else advice.model_copy(update={"decider": None}))
    return text.model_copy(update={"recommendations": tuple(kept)})


def _names_a_skill(line: str, skills: set[str]) -> bool:
    """A line that is a command is one of a skill that is there."""
    return not line.startswith("/") or line.removeprefix("/").partition(" ")[0] in skills
