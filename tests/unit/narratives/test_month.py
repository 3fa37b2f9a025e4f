"""A month in words: its trend, who went quiet, its targets and what became of the last ones."""

from __future__ import annotations

import json
from datetime import date

import pytest

from session_insights.llm.claude import ClaudeClient, ClaudeConnection
from session_insights.llm.prompts import load_prompt
from session_insights.measures import compare
from session_insights.narratives.contacts import find_quiet
from session_insights.narratives.grounding import find_failing_sentences
from session_insights.narratives.known import collect_known
from session_insights.narratives.sections import KeptTarget, MonthText, Narrative, NarrativeText, Target
from session_insights.narratives.subject import Subject
from session_insights.narratives.targets import judge_targets, keep_targets, measure_target
from session_insights.narratives.writing import write_by_claude, write_offline
from session_insights.records import Figures
from session_insights.windows import Window
from session_insights.wording import period_words
from tests.fakes.claude import Behaviour, FakeClaude, valid
from tests.golden.loading import Case, first_month, last_month, load_case

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def case() -> Case:
    return load_case("monthly")


def target(**changes: object) -> Target:
    values = {"title": "Fewer loops", "why": "39 loops.", "metric": "loops_per_ten", "by": "", "to": 2.3}
    return Target.model_validate({**values, **changes})


def test_only_a_calendar_month_with_its_figures_is_told_as_one(case: Case) -> None:
    assert write_offline(case.figures, case.profile, case.window).months is not None
    shorter = Window(case.window.start, date(2026, 10, 31))
    assert write_offline(case.figures, case.profile, shorter).months is None
    week = load_case()
    assert write_offline(week.figures, week.profile, week.window).targets == ()


def test_a_trend_says_in_how_many_steps_it_went_one_way(case: Case) -> None:
    narrative = write_offline(case.figures, case.profile, case.window)
    assert narrative.months is not None
    assert narrative.months.headline == "Time on priorities rose in four of five months"
    first = first_month(case)
    narrative = write_offline(first.figures, first.profile, first.window)
    assert narrative.months is not None
    assert narrative.months.headline == "The first month: trends begin with the next one"


def test_whoever_had_contacts_and_none_in_the_last_two_weeks_went_quiet(case: Case) -> None:
    seen = compare(case.figures.current, case.figures.previous, case.window)
    subject = Subject(seen, case.profile, period_words(case.window.start, case.window.end))
    assert [(one.person, one.contact_count, one.last_week) for one in find_quiet(subject)] == [
        ("Lena Fischer", 5, date(2026, 10, 11))
    ]


@pytest.mark.parametrize(
    ("metric", "by", "value"),
    [
        ("priority_share", "grow-the-studio", 38),
        ("business_share", "studio", 38),
        ("corrections_per_ten", "", 7.5),
        ("loops_per_ten", "", 2.6),
        ("connector_failures", "mail", 12),
        ("skill_use", "invoice", 47),
        ("proactive_share", "", 54),
        ("goals_reached", "", 72),
        ("contacts_begun", "Ines Duarte", 8),
    ],
)
def test_each_metric_is_measured_from_the_figures(metric: str, by: str, value: float, case: Case) -> None:
    measured = measure_target(case.figures.current, metric, by)  # type: ignore[arg-type]
    assert measured is not None
    assert measured.value == value


def test_a_target_starts_where_the_figures_are_and_must_improve_on_it(case: Case) -> None:
    [kept] = keep_targets(
        [target(), target(to=2.6), target(to=3), target(metric="connector_failures", by="nowhere", to=1)],
        case.figures.current,
        case.profile,
        case.window.end,
    )
    assert (kept.start, kept.to) == (2.6, 2.3)
    assert kept.measured_by.startswith(
        "Now 2.6, n = 150 sessions. Decided by: retry loops per 10 sessions read, ≤ 2.3, on 1"
    )


@pytest.mark.parametrize(("start", "to", "verdict"), [(2.9, 2.6, "met"), (2.9, 2.5, "close"), (2.7, 2.1, "missed")])
def test_a_target_was_met_nearly_met_or_missed(start: float, to: float, verdict: str, case: Case) -> None:
    kept = KeptTarget(**target(to=to).model_dump(), start=start, measured_by="")
    [outcome] = judge_targets([kept], case.figures.current)
    assert (outcome.verdict, outcome.was, outcome.now, outcome.aim) == (verdict, f"{start}", "2.6", f"≤ {to}")


def test_a_target_whose_figure_is_gone_is_unknown(case: Case) -> None:
    kept = KeptTarget(**target(metric="connector_failures", by="gone", to=5).model_dump(), start=9, measured_by="")
    assert judge_targets([kept], case.figures.current)[0].verdict == "unknown"


def test_a_target_that_was_missed_gets_a_smaller_step(case: Case) -> None:
    missed = KeptTarget(
        **target(metric="priority_share", by="grow-the-studio", to=45).model_dump(), start=41, measured_by=""
    )
    last = last_month(case).model_copy(update={"targets": (missed,)})
    first = write_offline(case.figures, case.profile, case.window, last=last).targets[0]
    assert (first.metric, first.start, first.to) == ("priority_share", 38, 40)
    assert first.why == "The 45% of last month were missed: it got 38%. This step is smaller."


def test_what_rules_say_of_a_month_is_among_its_figures(case: Case) -> None:
    narrative = write_offline(case.figures, case.profile, case.window)
    known = collect_known(case.figures, case.profile, case.window)
    fields = narrative.model_dump(include=set(MonthText.model_fields))
    fields["targets"] = ()  # an aim is known only together with its target
    assert find_failing_sentences(MonthText.model_validate(fields), known) == []


# By Claude -------------------------------------------------------------------------------------------------------


def told(case: Case, **changes: object) -> Behaviour:
    """The narrative by rules, as if Claude had written it, with changes."""
    text = write_offline(case.figures, case.profile, case.window).model_dump(mode="json")
    answer = {name: text[name] for name in MonthText.model_fields} | changes
    answer["targets"] = [{name: one[name] for name in Target.model_fields} for one in answer["targets"]]
    return valid(lambda _: answer)


def write(case: Case, *behaviours: Behaviour, last: Narrative | None = None) -> tuple[Narrative, list[str]]:
    with FakeClaude() as claude:
        claude.will(*behaviours)
        client = ClaudeClient(ClaudeConnection(api_key="k", base_url=claude.url, max_retries=0))
        narrative = write_by_claude(case.figures, case.profile, case.window, client=client, model=MODEL, last=last)
        return narrative, [request.prompt for request in claude.requests]


def test_a_month_by_claude_keeps_sections_targets_and_what_became_of_the_last_ones(case: Case) -> None:
    aims = [target(title="Loops at 2.0 per 10", to=2.0).model_dump(), target(title="More loops", to=9).model_dump()]
    headline = "Corrections fell in four of five months"
    changes = {"months": {"headline": headline, "paragraphs": []}, "targets": aims}
    narrative, prompts = write(case, told(case, **changes), last=last_month(case))
    assert narrative.months is not None
    assert narrative.months.headline == headline
    assert [(one.title, one.start, one.to) for one in narrative.targets] == [("Loops at 2.0 per 10", 2.6, 2.0)]
    assert [one.verdict for one in narrative.outcomes] == ["met", "close", "missed"]
    assert narrative.dropped_sentence_count == 0
    assert narrative.prompt_version == load_prompt("write_monthly").version
    assert '"last_time":[{' in prompts[0]


def test_what_does_not_hold_in_a_month_is_dropped_and_counted(case: Case) -> None:
    changes = {
        "contacts": {"headline": "Bruno Kestel went quiet", "paragraphs": ["Half of the contacts (34 of 84) are two."]},
        "targets": [target(why="99 loops.").model_dump()],
    }
    wrong = told(case, **changes)
    narrative, prompts = write(case, wrong, wrong)
    assert len(prompts) == 2
    assert "[not among the figures: Kestel]" in prompts[1]
    assert narrative.contacts is not None
    assert (
        narrative.contacts.headline == "Ines Duarte and Jonas Weber hold 34 of 84 contacts, and Lena Fischer went quiet"
    )
    assert narrative.contacts.paragraphs == ()
    assert narrative.targets == ()
    assert narrative.dropped_sentence_count == 3


def test_a_weekly_text_is_told_what_became_of_the_last_advice() -> None:
    case = load_case()
    last = write_offline(Figures(case.figures.previous, {}), case.profile, case.window)
    by_rules = write_offline(case.figures, case.profile, case.window, last=last)
    assert by_rules.verdicts
    answer = by_rules.model_dump(mode="json", include=set(NarrativeText.model_fields))
    narrative, prompts = write(case, valid(lambda _: answer), last=last)
    told_verdicts = [one.model_dump(mode="json") for one in by_rules.verdicts]
    assert json.dumps(told_verdicts, ensure_ascii=False, separators=(",", ":"), sort_keys=True) in prompts[0]
    assert narrative.verdicts == by_rules.verdicts
