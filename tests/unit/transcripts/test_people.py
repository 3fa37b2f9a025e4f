"""What is a person's word, and what is not: transcript-format §4 and §10.3 to §10.5, one rule a test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.building import assistant, result, user
from tests.unit.transcripts.folding import fold, kinds, local_command, of_kind, queued

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


@pytest.mark.parametrize(
    "record",
    [
        user("the skill's body", isMeta=True),
        user("a summary", isCompactSummary=True),
        user("a summary", isVisibleInTranscriptOnly=True),
        user("<local-command-caveat>Caveat: …</local-command-caveat>"),
        user("<local-command-stdout>Compacted</local-command-stdout>"),
        user("<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>"),
        user("<task-notification><status>completed</status></task-notification>"),
        user("<agent-notification>x</agent-notification>"),
        user("<user-memory-input>x</user-memory-input>"),
        user("<system-reminder>\nno words after it\n</system-reminder>"),
        user("<system-reminder>cut off"),
        user("<ide_opened_file>The user opened /a.py</ide_opened_file>"),
        user([{"type": "text", "text": "[Image: source: /tmp/a.png]"}], isMeta=True),
        user("go on", turnOrigin="scheduled"),
        user("go on", turnOrigin="auto_continuation"),
        user("and this", turnCompanion=True),
        user("words", origin={"kind": "channel"}),
        user("plain text of a result", toolUseResult={"stdout": "x"}),
    ],
)
def test_injected_text_is_no_prompt(record: dict[str, Any]) -> None:
    assert kinds(fold(user("first"), record, assistant())) == ["prompt", "reply"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<system-reminder>\nx\n</system-reminder>\nfix it", "fix it"),
        ("<ide_opened_file>The user opened /a.py</ide_opened_file>\nfix it", "fix it"),
        ("<ide_selection>lines 1 to 2</ide_selection><system-reminder>y</system-reminder> fix it", "fix it"),
        (
            [{"type": "text", "text": "<ide_opened_file>/a</ide_opened_file>"}, {"type": "text", "text": "fix it"}],
            "fix it",
        ),
        (
            [{"type": "text", "text": "fix it"}, {"type": "text", "text": "<system-reminder>y</system-reminder>"}],
            "fix it",
        ),
        ([{"type": "text", "text": "see [Image #1]"}, IMAGE], "see [Image #1]"),
        ([IMAGE], "[image]"),
        (
            '<pasted_content id="1">a log</pasted_content> what is this?',
            '<pasted_content id="1">a log</pasted_content> what is this?',
        ),
        ("/etc/hosts is wrong", "/etc/hosts is wrong"),
        ("/home/alex/a b.txt", "/home/alex/a b.txt"),
        ("what does <command-name> mean?", "what does <command-name> mean?"),
    ],
)
def test_typed_words_are_a_prompt_whatever_stands_around_them(content: Any, words: str) -> None:
    [prompt] = of_kind(fold(user(content), assistant()), "prompt")
    assert (prompt.text, prompt.is_person) == (words, True)


def test_a_monitor_event_is_no_prompt_though_its_origin_says_human() -> None:
    event = user("<ci-monitor-event>red</ci-monitor-event>", origin={"kind": "human"})
    assert kinds(fold(user("first"), event, assistant())) == ["prompt", "reply"]


def test_a_prompt_written_as_a_string_and_as_a_list_is_the_same() -> None:
    as_string, as_list = fold(user("go"), assistant()), fold(user([{"type": "text", "text": "go"}]), assistant())
    assert [e.text for e in as_string.entries] == [e.text for e in as_list.entries]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            "<command-name>/compact</command-name>\n <command-message>compact</command-message>\n<command-args/>",
            "/compact ",
        ),
        ("<command-name>compact</command-name>\n<command-message>compact</command-message>", "/compact "),
        (
            "<command-message>x is running…\n<command-name>/x</command-name>\n<command-args>a b</command-args>",
            "/x a b",
        ),
        (
            [{"type": "text", "text": "<command-message>x</command-message>\n<command-name>/p:x</command-name>"}],
            "/p:x ",
        ),
        ("<bash-input> echo hi</bash-input>", "! echo hi"),
    ],
)
def test_a_slash_command_or_a_shell_line_is_an_act_and_no_prompt(content: Any, text: str) -> None:
    [command] = fold(user(content)).entries
    assert (command.kind, command.text, command.is_person) == ("command", text, True)


def test_the_output_of_a_shell_line_is_no_act() -> None:
    session = fold(user("<bash-input>ls</bash-input>"), user("<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>"))
    assert kinds(session) == ["command"]


def test_a_custom_command_is_no_skill_and_a_skill_by_slash_is_one() -> None:
    command = user("<command-message>greet</command-message>\n<command-name>/greet</command-name>")
    body = user("Base directory for this skill: /home/alex/.claude/skills/greet\n\nGreet.", isMeta=True)
    custom = fold(command, user("Greet somebody."), assistant())
    skill = fold(command, body, assistant())
    assert ([e.skill for e in of_kind(custom, "command")], [e.skill for e in of_kind(skill, "command")]) == (
        [None],
        ["greet"],
    )


def test_a_skill_that_claude_starts_is_on_its_call() -> None:
    session = fold(
        user("greet"),
        assistant(tool="Skill", call="c", given={"skill": "greet"}),
        result("c", outcome={"success": True}),
        user("Base directory for this skill: /x", isMeta=True, sourceToolUseID="c"),
    )
    assert [e.skill for e in session.entries] == [None, "greet"]


def test_a_local_command_is_one_act_though_its_output_names_it_again() -> None:
    session = fold(
        local_command("<command-name>/rename</command-name>\n<command-args>shop</command-args>"),
        local_command(
            "<local-command-stdout>ok</local-command-stdout>", commandRun={"command": "rename", "args": "shop"}
        ),
    )
    assert [e.text for e in session.entries] == ["/rename shop"]


def test_a_local_command_known_from_its_run_alone_is_an_act() -> None:
    run = {"command": "usage", "args": ""}
    session = fold(user("a"), assistant(), local_command("<local-command-stdout/>", commandRun=run))
    assert [e.text for e in of_kind(session, "command")] == ["/usage"]


def test_text_beside_a_tool_result_is_a_person_though_it_never_was_in_the_queue() -> None:
    record = result("c")
    record["message"]["content"] += [
        {"type": "text", "text": "<system-reminder>x</system-reminder>"},
        {"type": "text", "text": "<system-reminder>x</system-reminder>use the other file"},
    ]
    session = fold(user("go"), assistant(tool="Bash", call="c"), record)
    assert [(e.text, e.is_person) for e in of_kind(session, "steering")] == [("use the other file", True)]


def test_words_left_in_the_queue_or_taken_back_were_never_said() -> None:
    session = fold(
        user("go"),
        queued("enqueue", "taken back"),
        queued("popAll"),
        queued("enqueue", "said"),
        queued("remove"),
        queued("enqueue", "still waiting"),
        assistant(),
    )
    assert [e.text for e in of_kind(session, "prompt", "steering")] == ["go", "said"]


@pytest.mark.parametrize("content", ["use the other file", [{"type": "text", "text": "use the other file"}]])
def test_a_removed_message_was_said_whatever_its_content_is_written_as(content: Any) -> None:
    session = fold(user("go"), queued("enqueue", content), assistant(), queued("remove"), assistant())
    assert [e.text for e in of_kind(session, "steering")] == ["use the other file"]


@pytest.mark.parametrize(
    ("content", "words"),
    [([IMAGE], "[image]"), ("<system-reminder>x</system-reminder>\nuse the other file", "use the other file")],
)
def test_a_queued_message_is_peeled_and_an_image_alone_is_one(content: Any, words: str) -> None:
    queue = [queued("enqueue", content), queued("remove")]
    attachment = {"type": "attachment", "attachment": {"type": "queued_command", "prompt": content}}
    session = fold(user("go"), *queue, attachment, assistant())
    assert [e.text for e in of_kind(session, "steering")] == [words]


def test_a_queue_record_without_content_says_nothing() -> None:
    session = fold(user("go"), queued("enqueue"), queued("remove"), queued("remove", {"a": 1}), assistant())
    assert kinds(session) == ["prompt", "reply"]


def test_a_dequeued_message_is_the_prompt_that_follows_and_counts_once() -> None:
    session = fold(user("go"), queued("enqueue", "next"), queued("dequeue"), assistant(), user("next"), assistant())
    assert [e.text for e in of_kind(session, "prompt", "steering")] == ["go", "next"]


def test_a_removed_message_that_is_the_next_prompt_counts_once() -> None:
    queue = [queued("enqueue", "next"), queued("remove")]
    after = fold(user("go"), *queue, assistant(), user("next"), assistant())
    within = fold(user("go"), queue[0], user("next"), queue[1], assistant())
    assert [kinds(after), kinds(within)] == [["prompt", "reply", "prompt", "reply"], ["prompt", "prompt", "reply"]]


def test_the_place_that_has_the_same_words_most_often_says_how_often_they_were_said() -> None:
    queue = [queued("enqueue", "continue"), queued("remove")]
    attachment = {"type": "attachment", "attachment": {"type": "queued_command", "prompt": "continue"}}
    session = fold(user("go"), *queue, attachment, assistant(), *queue, assistant())
    assert [e.text for e in of_kind(session, "steering")] == ["continue"] * 2


def test_the_same_words_said_twice_are_two_messages() -> None:
    session = fold(
        user("continue"),
        assistant(),
        *(queued("enqueue", "continue"), queued("remove")),
        {"type": "attachment", "attachment": {"type": "queued_command", "prompt": "continue"}},
        assistant(),
        *(queued("enqueue", "continue"), queued("remove")),
        {"type": "attachment", "attachment": {"type": "queued_command", "prompt": "continue"}},
        assistant(),
    )
    assert [e.text for e in of_kind(session, "prompt", "steering")] == ["continue"] * 3


@pytest.mark.parametrize(
    "text",
    ['{"task_id":"x"}', "<task-notification>x</task-notification>", "<agent-notification>x</agent-notification>"],
)
def test_machine_text_in_the_queue_or_beside_a_result_is_no_steering(text: str) -> None:
    beside = result("c")
    beside["message"]["content"].append({"type": "text", "text": text})
    attachment = {"type": "queued_command", "prompt": text, "origin": {"kind": "task-notification"}}
    session = fold(
        user("go"),
        assistant(tool="Bash", call="c"),
        beside,
        queued("enqueue", text),
        queued("remove"),
        {"type": "attachment", "attachment": attachment},
    )
    assert kinds(session) == ["prompt", "tool"]


def test_a_queued_slash_command_is_a_command() -> None:
    session = fold(user("go"), queued("enqueue", "/model opus"), queued("remove"), assistant())
    assert [(e.kind, e.text) for e in session.entries] == [
        ("prompt", "go"),
        ("command", "/model opus"),
        ("reply", "Done."),
    ]


def test_a_compaction_is_its_boundary_and_its_summary_is_nobodys_word() -> None:
    session = fold(
        user("go"),
        assistant(),
        {"type": "system", "subtype": "compact_boundary", "compactMetadata": {"trigger": "auto"}},
        user(
            "This session is being continued from a previous conversation that ran out of context.",
            isCompactSummary=True,
        ),
        {"type": "system", "subtype": "microcompact_boundary"},
        user("<local-command-stdout>Error: Not enough messages to compact.</local-command-stdout>"),
        assistant(),
    )
    assert kinds(session) == ["prompt", "reply", "compaction", "reply"]


def test_the_summary_that_old_versions_wrote_as_a_reply_is_a_paid_message_and_no_prompt() -> None:
    session = fold(
        user("<command-name>/compact</command-name>"),
        user("<local-command-stdout>Compacted. ctrl+r to see full summary</local-command-stdout>"),
        assistant("The user asked for a calculator."),
    )
    assert (kinds(session), len(session.messages)) == (["command", "reply"], 1)


def test_nobody_in_a_sub_agent_is_a_person() -> None:
    session = fold(user("look"), assistant(), parent="p")
    assert [e.is_person for e in session.entries] == [False, False]
