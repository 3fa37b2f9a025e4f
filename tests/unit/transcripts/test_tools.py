"""Calls and how they ended: transcript-format §5, §10.2 and §10.9, one rule a test."""

from __future__ import annotations

from typing import Any

import pytest

from session_insights.records import ParsedSession
from tests.building import Record, assistant, result, user
from tests.unit.transcripts.folding import fold, kinds, of_kind

REFUSED = "The user doesn't want to proceed with this tool use. The tool use was rejected."
MARKER = user([{"type": "text", "text": "[Request interrupted by user for tool use]"}])


def ended(text: str = "no", *, entrypoint: str | None = "cli", tool: str = "Bash", **more: Any) -> ParsedSession:
    """A session whose one call ended in an error record."""
    call = assistant(tool=tool, call="c")
    return fold(user("go"), call, result("c", text, is_error=True, **more), entrypoint=entrypoint)


def acts(session: ParsedSession) -> list[tuple[str, bool]]:
    return [(e.kind, e.is_person) for e in session.entries if e.kind in ("rejection", "interruption", "denial")]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("PreToolUse:Bash hook error: [check.sh]: no", {"toolDenialKind": "permission-rule"}),
        ("PreToolUse:Bash hook error: [check.sh]: no", {}),
        ("no", {"toolDenialKind": "automode-blocked"}),
        ("no", {"toolDenialKind": "automode-unavailable"}),
        ("no", {"toolDenialKind": "user-rejected", "permissionDecision": {"decision": "reject", "source": "config"}}),
        ("no", {"toolDenialKind": "user-rejected", "permissionDecision": {"decision": "reject", "source": "hook"}}),
        ("Claude requested permissions to use Bash, but you haven't granted it yet.", {}),
    ],
)
def test_a_hook_or_a_setting_that_refuses_is_no_person(text: str, more: dict[str, Any]) -> None:
    assert acts(ended(text, **more)) == [("denial", False)]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (REFUSED, {}),
        ("no", {"outcome": "User rejected tool use"}),
        ("no", {"toolDenialKind": "user-rejected"}),
        ("no", {"permissionDecision": {"decision": "reject", "source": "user_reject"}}),
    ],
)
def test_a_person_who_refuses_a_call_rejects_it(text: str, more: dict[str, Any]) -> None:
    assert acts(ended(text, **more)) == [("rejection", True)]


@pytest.mark.parametrize("entrypoint", ["sdk-cli", "sdk-py", "claude-code-github-action"])
def test_a_refusal_in_a_session_of_a_program_is_a_denial(entrypoint: str) -> None:
    assert acts(ended(REFUSED, entrypoint=entrypoint)) == [("denial", False)]


def test_a_refusal_in_an_old_headless_session_is_a_denial() -> None:
    session = fold(
        {"type": "queue-operation", "operation": "enqueue", "content": "go"},
        {"type": "queue-operation", "operation": "dequeue"},
        user("go"),
        assistant(tool="Bash", call="c"),
        result("c", REFUSED, is_error=True),
        entrypoint=None,
    )
    assert acts(session) == [("denial", False)]


def test_a_call_accepted_by_a_person_is_a_call_that_worked() -> None:
    decision = {"decision": "accept", "source": "user_temporary"}
    session = fold(user("go"), assistant(tool="Bash", call="c"), result("c", permissionDecision=decision))
    assert kinds(session) == ["prompt", "tool"]


def test_a_cancelled_call_is_an_error_and_nobodys_act() -> None:
    assert kinds(ended("Cancelled: parallel tool call Bash errored", toolDenialKind="cancelled")) == [
        "prompt",
        "tool_error",
    ]


def test_an_interrupted_call_and_its_marker_are_one_interruption() -> None:
    refusal = result("c", REFUSED, is_error=True, toolDenialKind="interrupted")
    session = fold(user("go"), assistant(tool="Bash", call="c"), refusal, MARKER)
    assert acts(session) == [("interruption", True)]


@pytest.mark.parametrize("first", ["a", "b"])
def test_parallel_calls_refused_together_are_one_act(first: str) -> None:
    second = "b" if first == "a" else "a"
    session = fold(
        user("go"),
        assistant(tool="Bash", call="a", message_id="m"),
        assistant(tool="Bash", call="b", message_id="m"),
        result(first, REFUSED, is_error=True),
        result(second, REFUSED, is_error=True),
        MARKER,
    )
    assert sorted(acts(session)) == [("rejection", False), ("rejection", True)]


def test_a_refusal_beside_a_call_that_worked_is_one_act_with_its_marker() -> None:
    session = fold(
        user("go"),
        assistant(tool="Bash", call="a", message_id="m"),
        assistant(tool="Read", call="b", message_id="m"),
        result("a", REFUSED, is_error=True),
        result("b"),
        MARKER,
    )
    assert kinds(session) == ["prompt", "rejection", "tool"]


def test_an_interruption_after_an_answered_refusal_is_an_act_of_its_own() -> None:
    session = fold(
        user("go"),
        assistant(tool="Bash", call="a"),
        result("a", f"{REFUSED} To tell you how to proceed, the user said:\nuse rg", is_error=True),
        assistant("I will."),
        user([{"type": "text", "text": "[Request interrupted by user]"}]),
    )
    assert acts(session) == [("rejection", True), ("interruption", True)]


def test_a_plan_accepted_with_a_cleared_context_is_neither_a_rejection_nor_an_interruption() -> None:
    old = fold(user("plan it"), assistant(tool="ExitPlanMode", call="c"), result("c", REFUSED, is_error=True), MARKER)
    new = fold(user("Implement the following plan:\n1. x", planContent="1. x"), assistant())
    assert (kinds(old), kinds(new)) == (["prompt", "tool"], ["reply"])


@pytest.mark.parametrize(
    "after",
    [
        [user("no, simpler")],
        [user("<command-name>/model</command-name>")],
        [assistant("Why?")],
        [{"type": "attachment", "attachment": {"type": "queued_command", "prompt": "simpler"}}],
    ],
)
def test_a_plan_refused_in_a_session_that_goes_on_is_a_rejection(after: list[Record]) -> None:
    refusal = result("c", REFUSED, is_error=True)
    session = fold(user("plan it"), assistant(tool="ExitPlanMode", call="c"), refusal, MARKER, *after)
    assert acts(session) == [("rejection", True)]


def test_a_plan_refused_with_words_or_without_a_marker_is_a_rejection() -> None:
    said = result("c", REFUSED, is_error=True, userFeedback="simpler")
    call = assistant(tool="ExitPlanMode", call="c")
    assert acts(fold(user("plan it"), call, said, MARKER)) == [("rejection", True)]
    assert acts(ended(REFUSED, tool="ExitPlanMode")) == [("rejection", True)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Exit code 3", "tool_error"),
        ("<tool_use_error>File has not been read yet.</tool_use_error>", "tool_error"),
        ("<tool_use_error>Sibling tool call errored</tool_use_error>", "tool_error"),
        ("MCP error -32000", "tool_error"),
    ],
)
def test_a_call_that_failed_is_an_error(text: str, kind: str) -> None:
    assert ended(text).entries[-1].kind == kind


def test_a_pipeline_that_hides_its_failure_is_a_success() -> None:
    assert kinds(fold(user("go"), assistant(tool="Bash", call="c"), result("c", "error: x"))) == ["prompt", "tool"]


def test_a_call_without_a_result_is_a_call() -> None:
    assert kinds(fold(user("go"), assistant(tool="Bash"))) == ["prompt", "tool"]


def test_results_in_another_order_than_their_calls_find_them() -> None:
    session = fold(
        user("go"),
        assistant(tool="Read", call="a", message_id="m"),
        assistant(tool="Bash", call="b", message_id="m"),
        result("b", "Exit code 1", is_error=True),
        result("a"),
    )
    assert kinds(session) == ["prompt", "tool", "tool_error"]


def test_a_tool_name_is_one_line_whatever_the_model_wrote() -> None:
    [_, entry] = fold(user("go"), assistant(tool='Bash">\n<x "y"')).entries
    assert entry.tool == 'Bash"> <x "y"'


@pytest.mark.parametrize(
    ("tool", "outcome", "lines"),
    [
        ("Edit", {"structuredPatch": [{"lines": ["-a", "+b", "+c", " d"]}, {"lines": ["+e"]}]}, (3, 1)),
        ("MultiEdit", {"structuredPatch": [{"lines": ["-a", "+b"]}, {"lines": ["-c"]}]}, (1, 2)),
        ("Write", {"type": "create", "content": "a\nb\n", "structuredPatch": []}, (2, 0)),
        ("Write", {"type": "update", "content": "a\nb\n", "structuredPatch": [{"lines": ["+b"]}]}, (1, 0)),
        ("Write", {"type": "update", "content": "a\nb\n", "structuredPatch": []}, (0, 0)),
        ("Bash", {"stdout": "", "bashEditDiff": {"files": []}}, (0, 0)),
        ("Edit", {"structuredPatch": None}, (0, 0)),
        ("Edit", {"structuredPatch": [None, {"lines": [1, "+a"]}]}, (1, 0)),
    ],
)
def test_lines_come_from_the_patch_or_from_a_created_file(
    tool: str, outcome: dict[str, Any], lines: tuple[int, int]
) -> None:
    session = fold(user("go"), assistant(tool=tool, call="c"), result("c", outcome=outcome))
    assert (session.entries[-1].lines_added, session.entries[-1].lines_removed) == lines


def test_a_pull_request_counts_once_however_often_it_is_written() -> None:
    def link(number: int) -> Record:
        return {"type": "pr-link", "prUrl": f"https://github.com/a/b/pull/{number}"}

    first = assistant(tool="Bash", call="c", given={"command": "gh pr create"})
    told = {"stdout": "", "gitOperation": {"pr": {"url": "https://github.com/a/b/pull/1"}}}
    session = fold(user("go"), first, link(1), result("c", outcome=told), link(1), link(2), link(2), assistant())
    assert sorted(e.pr_url for e in session.entries if e.pr_url) == [link(1)["prUrl"], link(2)["prUrl"]]


def test_a_pull_request_whose_call_says_nothing_is_kept_from_its_link() -> None:
    link = {"type": "pr-link", "prUrl": "https://github.com/a/b/pull/1"}
    session = fold(link, user("go"), assistant(tool="Bash", call="c"), result("c", outcome={"stdout": "done"}))
    assert [e.pr_url for e in session.entries if e.pr_url] == [link["prUrl"]]


def test_a_link_that_is_no_web_address_is_no_pull_request() -> None:
    session = fold(user("go"), {"type": "pr-link", "prUrl": "javascript:alert(1)"}, assistant())
    assert [e.pr_url for e in session.entries] == [None, None]


@pytest.mark.parametrize(
    "record",
    [
        assistant("API Error: 529", model="<synthetic>", isApiErrorMessage=True),
        assistant("API Error: rate limit", isApiErrorMessage=True, error="rate_limit"),
    ],
)
def test_an_api_error_is_no_message_and_no_tool_error(record: Record) -> None:
    session = fold(user("go"), record)
    assert (kinds(session), session.messages) == (["prompt", "api_error"], ())


def test_a_retry_is_no_failure_and_a_synthetic_reply_is_no_reply() -> None:
    session = fold(
        user("go"),
        {"type": "system", "subtype": "api_error", "retryAttempt": 1},
        assistant("No response requested.", model="<synthetic>", isApiErrorMessage=False),
        assistant(),
    )
    assert (kinds(session), len(session.messages)) == (["prompt", "reply"], 1)


def test_models_are_kept_per_message() -> None:
    session = fold(user("go"), assistant(model="claude-opus-5-5"), assistant(model="claude-haiku-4-5"))
    assert [message.model for message in session.messages] == ["claude-opus-5-5", "claude-haiku-4-5"]


def test_reports_of_hooks_are_no_calls() -> None:
    hook = {"type": "attachment", "attachment": {"type": "hook_blocking_error", "hookName": "PostToolUse:Edit"}}
    session = fold(user("go"), assistant(tool="Edit", call="c"), result("c"), hook, assistant())
    assert [e.tool for e in of_kind(session, "tool", "denial")] == ["Edit"]
