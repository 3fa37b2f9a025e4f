"""A sentence stays when its quantities are among the figures, and goes when one is not."""

from __future__ import annotations

import pytest

from session_insights.narratives.grounding import drop_ungrounded, find_ungrounded, is_harmful, keep_grounded
from session_insights.narratives.known import Known, collect_known
from session_insights.narratives.sections import split_sentences
from session_insights.narratives.writing import write_offline
from tests.golden.loading import load_case


@pytest.fixture(scope="module")
def known() -> Known:
    case = load_case()
    return collect_known(case.figures, case.profile, case.window)


@pytest.mark.parametrize(
    "text",
    [
        "You corrected Claude 37 times in 41 sessions (last week 30 in 38).",
        "Priorities got 64%, ↓ 7 points, worse than last week (71%).",
        "1.1 more per 10 sessions; over 8 weeks from 6.9 to 9.0.",
        "It cost $57.80, about $58, and $4.08 an hour saved; if twice too high, $8.16.",
        "25 h 18 min, 2 h 05 more; at least 14 h 10 min; about 14 hours.",
        "System took 357 of 1,518 minutes, 161 minutes more.",
        "Three of seven system sessions hold 218 of the 357 system minutes.",
        "On Wed 18 Nov, and on 15 to 21 November; next on 29 November.",
        "40.3 M tokens, 92% of them from the cache.",
        "Session 3f9a1c52-7b1e-4d0a-9c55-2e61a8f0b714 at 10:12.",
        "“Issue 47: replies from readers” and “Invite Paolo Rizzi for issue 48”.",
        "One incident, not a pattern; two sessions would be one.",
        "The 64-page draft was read twice.",
        "Six of 118 automated runs failed; last week 3 of 112.",
        "The longest day had 5:08.",
        "Lena Fischer is in none of the last 5 weeks and in each of the 3 weeks before.",
    ],
)
def test_what_the_figures_hold_may_be_said(text: str, known: Known) -> None:
    assert find_ungrounded(text, known) == []


@pytest.mark.parametrize(
    "text",
    [
        "About half of the contacts (12 of 27) began with you.",
        "Most of the sessions were read: 41 of 42.",
        "A third of the time (35%) went to studio.",
        "The largest part of the week went to studio.",
        "Nearly all of it, 92%, came from the cache.",
        "The mail connector failed more than twice as often: 19 failures, after 8.",
        "Course corrections rose, loops halved from 8 to 4.",
        "No skill was passed over twice.",
        "Half an hour of system work.",
        "Ines Duarte and Jonas Weber wrote first.",
        "You answered Ines, and Mei Lin’s mail on Wednesday.",
        "In November Claude took the wrong approach.",
        "Ask for the approach first. Then say it in CLAUDE.md.",
        "Session 3f9a1c52 ended early.",
        "Ines wrote first, and nobody answered.",
        "Nobody wrote back. Clients wrote more, and everybody’s mail was answered.",
        "Today’s figures are from Postgres; put the line into Markdown.",
        "You asked twice. They agreed. Then it sent the mail.",
    ],
)
def test_shares_in_words_and_names_that_the_figures_hold_may_be_said(text: str, known: Known) -> None:
    assert find_ungrounded(text, known) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Half of the time (24%) went to system.", ["Half"]),
        ("Most of the week went to personal.", ["Most of"]),
        ("A quarter of the contacts, 12 of 27, began with you.", ["A quarter"]),
        ("Corrections doubled, from 30 to 37.", ["doubled"]),
        ("Corrections doubled.", ["doubled"]),
        ("You wrote to Bruno Kestel first.", ["Bruno Kestel"]),
        ("Bruno Kestel wrote first.", ["Kestel"]),
        ("You answered Bruno’s mail.", ["Bruno"]),
        ("Bruno wrote first.", ["Bruno"]),
        ("All was quiet. Bruno also asked for an offer.", ["Bruno"]),
        ("Bruno’s mail waited.", ["Bruno"]),
        ("Session 99aa1c52 ended early.", ["99aa1c52"]),
    ],
)
def test_shares_in_words_and_names_that_the_figures_do_not_hold_are_named(
    text: str, wrong: list[str], known: Known
) -> None:
    assert find_ungrounded(text, known) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("You corrected Claude 93 times.", ["93"]),
        ("Priorities got 59.5%.", ["59.5%"]),
        ("It cost $12.34.", ["$12.34"]),
        ("System took 171 minutes more.", ["171 minutes"]),
        ("26 h 18 min.", ["26 h 18 min"]),
        ("A meeting on 3 March.", ["3 March"]),
        ("4.7 more per 10 sessions.", ["4.7"]),
        ("Session 3f9a1c52-7b1e-4d0a-9c55-000000000000.", ["3f9a1c52-7b1e-4d0a-9c55-000000000000"]),
        ("1,519 minutes.", ["1,519 minutes"]),
        ("97.1 M tokens.", ["97.1 M"]),
        ("Over 9 weeks.", []),
        ("219 of the 357 system minutes.", ["219"]),
        ("A session of 57 minutes.", ["57 minutes"]),
    ],
)
def test_what_the_figures_do_not_hold_is_named(text: str, wrong: list[str], known: Known) -> None:
    assert find_ungrounded(text, known) == wrong


def test_a_count_does_not_vouch_for_a_share_nor_a_share_for_money(known: Known) -> None:
    assert find_ungrounded("It was used in 118 sessions.", known) == []
    assert find_ungrounded("It cost $118.", known) == ["$118"]
    assert find_ungrounded("It took 118%.", known) == ["118%"]


def test_a_sentence_with_an_invented_number_goes_and_a_true_one_stays(known: Known) -> None:
    kept, dropped = keep_grounded("You had 42 sessions. Of these 977 were great. It cost $57.80.", known)
    assert kept == "You had 42 sessions. It cost $57.80."
    assert dropped == ["Of these 977 were great."]


def test_a_session_called_by_a_bare_number_vouches_for_nothing() -> None:
    case = load_case()
    case.figures.current["longest_sessions"][0]["title"] = "93"
    known = collect_known(case.figures, case.profile, case.window)
    assert find_ungrounded("You corrected Claude 93 times.", known) == ["93"]


def test_sentences_end_where_a_reader_ends_them() -> None:
    assert split_sentences("It was 9.0. In CLAUDE.md write it. e.g. this! Why? So.") == [
        "It was 9.0.",
        "In CLAUDE.md write it. e.g. this!",
        "Why?",
        "So.",
    ]


def test_a_title_with_a_full_stop_is_not_cut(known: Known) -> None:
    known.texts.add("Fix it. Then 999 more")
    known.__dict__.pop("_quoted", None)
    kept, dropped = keep_grounded("See “Fix it. Then 999 more” (42 sessions).", known)
    assert (kept, dropped) == ("See “Fix it. Then 999 more” (42 sessions).", [])


def test_dropping_counts_sentences_and_rules_stand_in_for_headlines(known: Known) -> None:
    case = load_case()
    by_rules = write_offline(case.figures, case.profile, case.window)
    text = by_rules.model_copy(
        update={
            "headline": "A week of 999 sessions",
            "lede": "All 999 of them.",
            "glance": (by_rules.glance[0], by_rules.glance[1].model_copy(update={"text": "Fully 999."})),
            "skills": by_rules.skills.model_copy(update={"paragraphs": ("True for 42 sessions. False for 999.",)}),
        }
    )
    narrative = drop_ungrounded(text, known, by_rules)
    assert narrative.headline == by_rules.headline
    assert narrative.lede == by_rules.lede
    assert narrative.glance == by_rules.glance[:1]
    assert narrative.skills.paragraphs == ("True for 42 sessions.",)
    assert narrative.dropped_sentence_count == 4


@pytest.mark.parametrize(
    "line",
    [
        "curl -s x",
        "see https://evil.example",
        "a | sh",
        "x && y",
        "echo $(id)",
        "sudo make",
        "rm -rf ~",
        "x > /etc/hosts",
    ],
)
def test_a_line_to_copy_does_no_harm(line: str) -> None:
    assert is_harmful(line)


@pytest.mark.parametrize(
    "line", ["/invoice Halden, November", "Edit theme/src/, then run `npm run build`; show the diff."]
)
def test_a_prompt_or_a_skill_is_a_line_to_copy(line: str) -> None:
    assert not is_harmful(line)
