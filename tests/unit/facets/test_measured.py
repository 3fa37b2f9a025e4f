"""What the entries say for certain."""

from __future__ import annotations

import pytest

from session_insights.facets.measured import measure
from session_insights.records import StoredEntry
from tests.unit.facets.building import entry, failed, interrupted, person, refused, reply, session, slash, tool


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("user-interactive", "user-interactive"),
        ("sub-agent", "sub-agent"),
        ("headless", None),
        ("sdk", None),
        (None, None),
    ],
)
def test_who_started_a_session_is_unknown_unless_the_transcript_says_it(said: str | None, meant: str | None) -> None:
    assert measure(session(person("hi"), initiated_by=said)).initiated_by == meant


def test_skills_are_those_that_ran_each_once_by_call_or_by_slash() -> None:
    used = measure(
        session(
            slash("compose", "a mail"),
            tool("Skill", "agreement", skill="agreement"),
            tool("Skill", "agreement", skill="agreement"),
            entry("rejection", "file-this", tool="Skill", skill="file-this", is_person=True),
        )
    ).skills_used
    assert used.value == ["compose", "agreement"]
    assert used.evidence == [1, 2, 3]


def test_only_failed_calls_of_mcp_tools_are_mcp_failures() -> None:
    failures = measure(
        session(
            failed("mcp__gmail__send", "x"),
            tool("mcp__gmail__send", "x"),
            failed("Bash", "mcp__no"),
            failed("mcp__cal__list", "y"),
        )
    ).mcp_failures
    assert (failures.value, failures.evidence) == (2, [1, 4])


def loops(*entries: StoredEntry) -> int:
    return measure(session(*entries)).retry_loops.value


def test_three_failures_in_a_row_at_one_target_are_a_loop() -> None:
    assert loops(*[failed("Edit", "a.py")] * 2) == 0
    assert loops(*[failed("Edit", "a.py")] * 3) == 1
    assert loops(*[failed("Edit", "a.py")] * 7) == 1
    assert loops(failed("Edit", "a.py"), failed("Edit", "b.py"), failed("Edit", "c.py")) == 0


def test_words_between_the_tries_do_not_end_a_loop_and_a_success_does() -> None:
    bad = failed("Bash", "Run tests | npm test -- a")
    assert loops(bad, reply("Again."), bad, person("try again"), bad) == 1
    good = tool("Bash", "Run tests | npm test -- a")
    assert loops(failed("Bash", "npm test a"), failed("Bash", "npm test b"), good, failed("Bash", "npm test c")) == 0


def test_a_shell_loop_goes_by_the_command_and_an_mcp_loop_by_the_tool() -> None:
    assert loops(*[failed("Bash", f"Try {n} | npm test -- {n}") for n in range(3)]) == 1
    assert loops(*[failed("Bash", f"Try | tool{n} run") for n in range(3)]) == 0
    assert loops(*[failed("mcp__gmail__send", f"mail {n}") for n in range(3)]) == 1


def test_the_same_call_failing_three_times_is_a_loop_even_with_successes_between() -> None:
    bad, other = failed("Bash", "Push | git push origin main"), tool("Bash", "Pull | git push --dry-run")
    assert loops(bad, other, bad, other, bad) == 1


@pytest.mark.parametrize(
    ("last", "is_cut"),
    [
        (interrupted(), True),
        (entry("api_error", "overloaded"), True),
        (refused("Bash", "rm -rf x"), True),
        (person("and now the footer"), True),
        (reply("Here it is."), False),
        (tool("Edit", "a.py"), False),
        (entry("denial", "not allowed", tool="Bash"), False),
    ],
)
def test_a_session_is_cut_short_when_it_stops_in_the_middle(last: StoredEntry, is_cut: bool) -> None:
    assert measure(session(person("go"), reply(), last)).session_cut_short.value is is_cut


def test_a_person_who_has_to_leave_cuts_the_session_short() -> None:
    cut = measure(session(person("go"), reply(), person("I have to run, leave it"), reply("Noted."))).session_cut_short
    assert (cut.value, cut.evidence) == (True, [3])
    assert not measure(
        session(person("go"), reply(), person("have to run the tests too"), reply())
    ).session_cut_short.value


def test_files_are_counted_once_and_notes_as_knowledge() -> None:
    measured = measure(
        session(
            tool("Write", "/w/drafts/a.md"),
            tool("Write", "/w/drafts/a.md"),
            tool("Edit", "/w/src/b.py"),
            failed("Write", "/w/c.md"),
            tool("Write", "/w/notes/d.md"),
            tool("mcp__notion__create_page", "Minutes"),
        )
    )
    assert (measured.artifacts_created.value, measured.artifacts_created.evidence) == (1, [1])
    assert (measured.knowledge_filed.value, measured.knowledge_filed.evidence) == (2, [5, 6])


@pytest.mark.parametrize(
    "words",
    [
        "no, the other file",
        "wrong file. the source is in src",
        "that's not what I asked",
        "I meant the newsletter, please",
        "not there!! dist is generated",
        "stop. that's the GNU flag",
        "hold on, I said no smaller",
        "too long, drop the last paragraph",
        "it's 41, not 14",
        "still broken",
        "you left your edit in the bundle",
        "hm, but now it is glued to the headline",
        "don't rewrite the whole module",
        "why did you delete the test",
    ],
)
def test_words_that_redirect_are_corrections(words: str) -> None:
    found = measure(session(person("fix it"), reply("Done."), person(words), reply())).course_corrections
    assert (found.value, found.evidence) == (1, [3])


@pytest.mark.parametrize(
    "words",
    [
        "yes, send it",
        "and now the footer",
        "perfect, exactly what I wanted",
        "yes!! that. now the questions",
        "no problem, take your time",
        "write a test for it too",
        "don't forget the title",
        "what does the message look like",
        "ok",
    ],
)
def test_words_that_go_on_are_no_corrections(words: str) -> None:
    assert measure(session(person("fix it"), reply("Done."), person(words), reply())).course_corrections.value == 0


def test_the_first_prompt_and_a_no_to_a_question_are_no_corrections() -> None:
    assert measure(session(person("no, don't use the wrong file again!!"), reply())).course_corrections.value == 0
    answered = session(person("mail it"), reply("Shall I send it?"), person("no, I'll send it from my phone"), reply())
    assert measure(answered).course_corrections.value == 0
    told = session(person("mail it"), reply("I sent it."), person("no, I'll send it from my phone"), reply())
    assert measure(told).course_corrections.value == 1


def test_an_interruption_and_the_words_after_it_are_one_correction() -> None:
    found = measure(session(person("go"), interrupted(), person("no, the other one"), reply())).course_corrections
    assert (found.value, found.evidence) == (1, [3])
    alone = measure(session(person("go"), interrupted(), person("list the files"), reply())).course_corrections
    assert (alone.value, alone.evidence) == (1, [2])
    last = measure(session(person("go"), interrupted())).course_corrections
    assert (last.value, last.evidence) == (1, [2])


def test_a_refusal_counts_with_and_without_words() -> None:
    found = measure(
        session(person("go"), refused("Edit", "a.py", "not that one"), refused("Bash", "rm x"))
    ).course_corrections
    assert found.evidence == [2, 3]


def test_text_quoted_in_a_prompt_corrects_nobody() -> None:
    quoted = 'put this at the end: "No, that is wrong and still broken, I said stop it now"'
    assert measure(session(person("write a scene"), reply(), person(quoted), reply())).course_corrections.value == 0


def test_prompts_count_as_a_persons_where_the_transcript_does_not_say_who_typed() -> None:
    old = session(entry("prompt", "fix it"), reply(), entry("prompt", "wrong file"), reply())
    assert measure(old).course_corrections.evidence == [3]
