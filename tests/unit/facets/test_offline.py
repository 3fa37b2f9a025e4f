"""The rules: what they say, and what they leave unknown."""

from __future__ import annotations

from typing import Any

import pytest

from session_insights.facets.measured import measure
from session_insights.facets.offline import VERSION, judge_by_rules, rules_hash
from session_insights.records import Facet, SessionForReading, StoredEntry
from tests.unit.facets.building import PROFILE, entry, failed, interrupted, person, refused, reply, session, slash, tool


def judge(*entries: StoredEntry, **values: Any) -> Facet:
    return judged(session(*entries, **values))


def judged(given: SessionForReading) -> Facet:
    return judge_by_rules(given, PROFILE, measure(given))


def closing(words: str) -> str | None:
    return judge(person("fix the page"), tool("Edit", "a.py"), reply(), person(words), reply("Noted.")).outcome


@pytest.mark.parametrize(
    "words",
    ["perfect, thank you", "works for me too. closing this", "yes! that's it. deployed", "good catch. copied and sent"],
)
def test_praise_at_the_end_is_full_success(words: str) -> None:
    assert closing(words) == "fully_achieved"


@pytest.mark.parametrize(
    "words",
    [
        "good enough, I'll finish the rest on paper",
        "fine, copying it over myself",
        "mostly right, thanks",
        "fine for now",
    ],
)
def test_a_rest_that_the_person_does_is_most_of_a_success(words: str) -> None:
    assert closing(words) == "mostly_achieved"


@pytest.mark.parametrize(
    "words",
    [
        "ok, the first half works, the rest we do tomorrow",
        "one out of three. leaving it there",
        "have to run, leave it as it is, nothing is built yet",
        "that buys me a few days, let's do it on Tuesday",
    ],
)
def test_what_is_left_for_later_is_part_of_a_success(words: str) -> None:
    assert closing(words) == "partially_achieved"


@pytest.mark.parametrize(
    "words",
    [
        "no, still broken. leave it",
        "forget it, I'm reverting everything",
        "this is wrong again, stop",
        "never mind, no luck",
        "thank you, really, but the total still doesn't add up",
        "nice idea, unfortunately it never loads on my phone",
        "ridiculous. I will ask somebody who knows",
        "I have undone all of that",
        "I've rolled the whole change back",
    ],
)
def test_giving_up_is_no_success(words: str) -> None:
    assert closing(words) == "not_achieved"


@pytest.mark.parametrize(
    "words", ["thanks, but no hurry with the rest of it", "thanks, though I would have liked blue"]
)
def test_thanks_with_a_harmless_but_are_no_failure(words: str) -> None:
    assert closing(words) in ("fully_achieved", "mostly_achieved")


def test_anger_that_claude_then_worked_on_does_not_end_a_session_in_failure() -> None:
    given = judge(
        person("fix the page"), tool("Edit", "a.py"), reply(), person("ugh, the margin!"), tool("Edit", "a.py"), reply()
    )
    assert given.outcome == "mostly_achieved"


@pytest.mark.parametrize("words", ["hmm", "ok later", "and what does it cost?"])
def test_words_that_say_nothing_leave_the_outcome_unclear(words: str) -> None:
    given = judge(person("look around"), reply("Looked."), person(words), reply("Noted."))
    assert given.outcome == "unclear_from_transcript"


def test_a_complaint_that_claude_then_worked_on_does_not_end_a_session_in_failure() -> None:
    given = judge(person("fix it"), reply(), person("still broken"), tool("Edit", "a.py"), reply("Fixed now."))
    assert given.outcome == "mostly_achieved"
    assert given.evidence["outcome"] == [4, 5]


def test_work_cut_off_is_partly_done_and_nothing_at_all_is_unclear() -> None:
    assert judge(person("fix it"), tool("Edit", "a.py"), interrupted()).outcome == "partially_achieved"
    assert judge(person("fix it"), interrupted()).outcome == "unclear_from_transcript"
    assert judge().outcome == "unclear_from_transcript"


def test_each_turn_counts_once_for_satisfaction_by_its_strongest_sign() -> None:
    given = judge(
        person("do it"),
        reply(),
        person("wrong file"),
        reply(),
        person("no!! again the wrong one"),
        reply(),
        person("ok go on"),
        reply(),
        person("perfect, thanks"),
        reply(),
    )
    counts = {"satisfied": 1, "likely_satisfied": 1, "dissatisfied": 1, "frustrated": 1}
    assert given.user_satisfaction_counts == counts
    assert given.evidence["user_satisfaction_counts"] == [3, 5, 7, 9]


def test_friction_is_sorted_by_what_the_person_says_and_what_failed() -> None:
    given = judge(
        person("do it"),
        failed("mcp__gmail__send", "a", "timed out"),
        failed("mcp__gmail__send", "b", "timed out"),
        reply("I found no results for that."),
        person("I meant the other list"),
        reply(),
        person("it still fails"),
        reply(),
        person("don't rewrite the module, only the name"),
        reply(),
    )
    assert given.friction_counts == {
        "tool_limitation": 1,
        "no_results": 1,
        "misunderstanding": 1,
        "buggy_code": 1,
        "wrong_approach": 1,
    }
    assert given.friction_detail == "“I meant the other list”"
    assert given.evidence["friction_detail"] == [5]


def test_a_retry_loop_is_friction() -> None:
    given = judge(person("push"), *[failed("Bash", "Push | git push")] * 3, reply("No."))
    assert given.friction_counts == {"loop_detected": 1}


def test_the_folder_decides_the_business_before_any_word() -> None:
    prompt = person("the course page for a lesson has a cron backup")
    assert judge(prompt, reply(), cwd="/work/indy-hall/site").businesses == ["indy-hall"]
    assert judge(prompt, tool("Edit", "/w/stb/a.html"), reply()).businesses == ["stb"]
    assert judge(prompt, reply()).businesses == ["stb"]
    assert judge(person("hello there"), reply()).businesses is None


def test_files_of_another_business_add_it_behind_the_main_one() -> None:
    edits = [tool("Edit", "/w/stb/a.html"), tool("Edit", "/w/indy-hall/b.html")]
    assert judge(person("both pages"), *edits, reply(), cwd="/w/indy-hall").businesses == ["indy-hall", "stb"]


def test_a_priority_is_matched_by_business_words_or_the_people_dealt_with() -> None:
    by_business = judge(person("fix the tour page"), reply(), cwd="/w/indy-hall")
    assert (by_business.priority_matched, by_business.priority_alignment) == ("growing-indy-hall", "aligned")
    by_words = judge(person("write the sponsor proposal"), reply(), cwd="/w/stb")
    assert by_words.priority_matched == "building-partnerships"
    by_person = judge(person("reply to Dana Whitfield about Friday"), reply(), cwd="/w/stb")
    assert by_person.priority_matched == "building-partnerships"


def test_drift_is_only_what_the_person_calls_a_distraction() -> None:
    quiet = judge(person("rotate the logs"), reply(), person("fine"), reply(), cwd="/w/automation")
    assert (quiet.priority_alignment, quiet.priority_matched) == ("neutral", None)
    said = judge(person("rotate the logs"), reply(), person("that's enough system work"), reply(), cwd="/w/automation")
    assert said.priority_alignment == "drift"
    assert said.evidence["priority_alignment"] == [3]


def test_a_skill_is_missed_when_its_trigger_was_said_and_it_did_not_run() -> None:
    missed = judge(person("reply to Sam, he waits"), reply())
    assert (missed.skills_missed, missed.evidence["skills_missed"]) == (["compose"], [1])
    assert judge(slash("compose", "reply to Sam"), reply()).skills_missed == []
    later = judge(person("reply to Sam"), tool("Skill", "compose", skill="compose"), reply())
    assert later.skills_missed == []
    assert judge(person("what did they reply today"), reply()).skills_missed == []


def test_people_are_found_by_name_alias_and_unambiguous_first_name() -> None:
    assert judge(person("maya brooks has a question"), reply()).people_mentioned == ["Maya Brooks"]
    assert judge(person("ask May tomorrow"), reply()).people_mentioned == ["Maya Brooks"]
    assert judge(person("Dana sent comments"), reply()).people_mentioned == ["Dana Whitfield"]
    assert judge(person("Sam called"), reply()).people_mentioned == []
    assert judge(person("Danach in Mayastadt, maybe may do"), reply()).people_mentioned == []
    assert judge(person("go"), reply("I wrote to Sam Keller.")).people_mentioned == ["Sam Keller"]
    assert judge(person("go"), tool("Bash", "grep 'Sam Keller'"), reply()).people_mentioned == []


def test_what_was_done_towards_somebody_and_who_made_the_move() -> None:
    answered = judge(person("reply to Dana Whitfield, she asked about Friday"), reply())
    assert answered.relationship_actions == [{"person": "Dana Whitfield", "action": "answered"}]
    assert answered.outreach_type == "reactive"
    thanked = judge(person("thank Maya Brooks for the tour"), reply())
    assert thanked.relationship_actions == [{"person": "Maya Brooks", "action": "thanked"}]
    assert thanked.outreach_type == "proactive"
    assert judge(person("fix the css of the tour page"), reply()).outreach_type == "none"


@pytest.mark.parametrize(
    ("prompt", "workflow"),
    [
        ("draft an email to the landlord", "email"),
        ("fix the failing test in the importer", "debugging"),
        ("prepare for my meeting with the city", "meeting-prep"),
        ("compare the two drafts of the contract", "agreement"),
        ("plan the summer event, venue and catering", "event-planning"),
        ("save this link in my notes for later", "filing"),
        ("research what other spaces charge", "research"),
        ("write a blog post about wine", "content-creation"),
        ("make a new skill out of these steps", "skill-building"),
        ("set up the new disk and rename the folders", "admin"),
        ("thank everybody who helped yesterday", "relationship-maintenance"),
        ("hello", None),
    ],
)
def test_the_kind_of_work_follows_from_what_was_asked_for(prompt: str, workflow: str | None) -> None:
    given = judge(person(prompt), reply())
    assert given.workflow_type == workflow
    assert given.goal_categories == ({workflow: 1} if workflow else None)


def test_the_shape_of_a_session_follows_from_its_turns() -> None:
    assert judge(person("how does it work?"), reply()).session_type == "exploration"
    assert judge(person("can you fix it?"), tool("Edit", "a.py"), reply()).session_type == "single_task"
    assert judge(person("fix it"), tool("Edit", "a.py"), reply()).session_type == "single_task"
    tasks = [
        person("fix it"),
        tool("Edit", "a.py"),
        reply(),
        person("also the footer"),
        reply(),
        person("next the css"),
        reply(),
    ]
    several = judge(*tasks)
    assert several.session_type == "multi_task"
    assert several.completion_chain == {"started": 3, "completed": 2, "abandoned": 0}
    rounds = [
        person("fix it"),
        tool("Edit", "a.py"),
        reply(),
        person("wrong file"),
        reply(),
        person("too long"),
        reply(),
    ]
    assert judge(*rounds).session_type == "iterative_refinement"


def test_a_choice_between_alternatives_and_words_of_deciding_are_decisions() -> None:
    given = judge(
        person("plan it"),
        reply("Paper or online?"),
        person("online"),
        reply("Noted."),
        person("decided: we meet on Friday"),
        reply(),
        person("wrong, option 2 is gone"),
        reply(),
    )
    assert (given.decisions_made, given.evidence["decisions_made"]) == (2, [3, 5])


def test_goal_and_summary_are_short_and_plain() -> None:
    given = judge(
        person("fix the header. " + "It is too tall on phones. " * 30),
        tool("Edit", "a.css"),
        failed("Bash", "npm run build"),
        reply(),
        refused("Bash", "rm x", "not that"),
        person("works, thanks"),
        reply(),
        title="Header too tall",
    )
    assert given.underlying_goal is not None
    assert len(given.underlying_goal) <= 200
    assert given.brief_summary == (
        "Header too tall: 2 tool calls (1 failed), 1 correction. The last words were “works, thanks”."
    )


def test_what_rules_cannot_know_stays_unknown() -> None:
    given = judge(person("fix it"), tool("Edit", "a.py"), reply(), person("thanks"), reply())
    assert given.claude_helpfulness is None
    assert given.estimated_time_saved_minutes is None
    assert given.pivot_trigger is None
    assert given.primary_success is None


def test_every_evidence_number_is_an_entry_of_the_session() -> None:
    given = judge(
        person("reply to Dana"), interrupted(), person("wrong one!!"), failed("Bash", "x"), entry("compaction")
    )
    assert {number for numbers in given.evidence.values() for number in numbers} <= {1, 2, 3, 4, 5}


def test_the_same_session_always_gives_the_same_answer() -> None:
    given = session(person("reply to Dana and Maya about the event"), reply(), person("wrong date"), reply())
    assert judged(given) == judged(given)


def test_the_hash_of_the_rules_follows_version_and_profile() -> None:
    assert rules_hash(PROFILE) == rules_hash(PROFILE.model_copy())
    assert rules_hash(PROFILE) != rules_hash(PROFILE.model_copy(update={"owner": "Somebody"}))
    assert VERSION >= 1
