"""Where a session ran, who started it, what it is called: transcript-format §2, §6, §7, §10.7 and §10.8."""

from __future__ import annotations

from typing import Any

import pytest

from session_insights.transcripts.identity import project_of
from tests.building import Record, assistant, result, transcript, user
from tests.unit.transcripts.folding import fold, kinds, of_kind, queued

WORKTREE = {"worktreePath": "/tmp/trees/fix", "originalCwd": "/home/alex/shop", "worktreeName": "fix"}
STATE = {"type": "worktree-state", "worktreeSession": WORKTREE}
SNAPSHOT: Record = {"type": "file-history-snapshot", "messageId": "m"}


@pytest.mark.parametrize(
    ("cwd", "project"),
    [
        ("/home/alex/shop", "shop"),
        ("/home/alex/shop/", "shop"),
        ("/home/alex/my proj_ü.v2", "my proj_ü.v2"),
        ("/home/alex/shop/.claude/worktrees/x", "shop"),
        ("/home/alex/shop/.claude/worktrees/x/src", "shop"),
        (r"D:\work\shop", "shop"),
        (r"D:\work\shop\.claude\worktrees\x", "shop"),
        ("/", "/"),
        ("", None),
        (None, None),
    ],
)
def test_the_project_is_the_last_folder_of_its_repository(cwd: str | None, project: str | None) -> None:
    assert project_of(cwd) == project


@pytest.mark.parametrize("cwd", ["/tmp/trees/fix", "/tmp/trees/fix/src"])
def test_a_worktree_elsewhere_belongs_to_the_repository_that_its_record_names(cwd: str) -> None:
    assert fold(STATE, user("go"), assistant(), cwd=cwd).project == "shop"


def test_a_session_over_several_folders_and_branches_has_the_first_folder_and_the_last_branch() -> None:
    session = fold(
        user("go"), assistant(), user("b", cwd="/home/alex/other", gitBranch="HEAD"), assistant(cwd="/x", gitBranch="x")
    )
    assert (session.cwd, session.git_branch) == ("/home/alex/work/shop", "x")


def test_a_stray_record_of_another_session_says_nothing_of_this_one() -> None:
    stray = user("stray", sessionId="other", cwd="/else", gitBranch="else", version="0.1", entrypoint="sdk-cli")
    talk = [user("go", sessionId="mine"), assistant(sessionId="mine")]
    session = fold(stray, *talk, stray | {"uuid": "x"}, session_id="mine")
    own = fold(*talk, session_id="mine")
    assert (session.cwd, session.git_branch, session.cli_version) == (own.cwd, own.git_branch, own.cli_version)
    assert session.session_id == "mine"


def test_a_file_whose_records_all_name_another_session_keeps_their_facts() -> None:
    assert fold(user("go"), assistant(), session_id="renamed").project == "shop"


@pytest.mark.parametrize(
    ("entrypoint", "initiated_by"),
    [
        ("cli", "user-interactive"),
        ("claude-vscode", "user-interactive"),
        ("claude-desktop", "user-interactive"),
        ("remote", "user-interactive"),
        ("claude-in-slack", "user-interactive"),
        ("sdk-cli", "headless"),
        ("sdk-py", "sdk"),
        ("sdk-ts", "sdk"),
        ("mcp", "sdk"),
        ("claude-code-github-action", "sdk"),
        ("remote-trigger", "sdk"),
    ],
)
def test_the_entrypoint_says_who_started_it(entrypoint: str, initiated_by: str) -> None:
    assert fold(user("go"), assistant(), entrypoint=entrypoint).initiated_by == initiated_by


def test_a_headless_session_that_a_person_resumed_is_interactive() -> None:
    first = user("go", entrypoint="sdk-cli", promptSource="sdk", turnOrigin="sdk")
    reply = assistant(entrypoint="sdk-cli")
    refused = result("c", "The user doesn't want to proceed", is_error=True, entrypoint="sdk-cli")
    session = fold(
        first,
        reply,
        assistant(tool="Bash", call="c", entrypoint="sdk-cli"),
        refused,
        user("and now?", origin={"kind": "human"}, promptSource="typed"),
        assistant(),
    )
    assert (session.initiated_by, session.category) == ("user-interactive", "human")
    assert [e.is_person for e in of_kind(session, "prompt")] == [False, True]
    assert kinds(session).count("denial") == 1


def test_an_inherited_entrypoint_is_overruled_by_a_human_origin() -> None:
    session = fold(user("go", origin={"kind": "human"}), assistant(), entrypoint="sdk-ts")
    assert session.initiated_by == "user-interactive"


def test_a_background_session_is_headless() -> None:
    session = fold(user("go", sessionKind="daemon-worker"), assistant(sessionKind="daemon-worker"))
    assert (session.initiated_by, session.category) == ("headless", "automated")


@pytest.mark.parametrize(
    ("records", "initiated_by"),
    [
        ([queued("enqueue", "go"), queued("dequeue"), user("go")], "headless"),
        ([user("go", thinkingMetadata={"level": "high"})], "user-interactive"),
        ([SNAPSHOT, user("go")], "user-interactive"),
        (
            [queued("enqueue", "go"), queued("dequeue"), user("go"), assistant(), SNAPSHOT, user("b")],
            "user-interactive",
        ),
        ([user("go"), queued("enqueue", "b"), queued("dequeue"), user("b")], None),
        ([user("go")], None),
    ],
)
def test_before_the_entrypoint_signs_decide_or_it_is_unknown(records: list[Record], initiated_by: str | None) -> None:
    assert fold(*records, assistant(), entrypoint=None).initiated_by == initiated_by


@pytest.mark.parametrize(
    ("records", "title"),
    [
        ([{"type": "ai-title", "aiTitle": "A"}, {"type": "custom-title", "customTitle": "C"}], "C"),
        ([{"type": "custom-title", "customTitle": "C"}, {"type": "custom-title", "customTitle": "D"}], "D"),
        ([{"type": "ai-title", "aiTitle": "A"}, {"type": "ai-title", "aiTitle": "B"}], "B"),
        ([{"type": "summary", "summary": "S", "leafUuid": "here"}, {"type": "ai-title", "aiTitle": "A"}], "A"),
        ([{"type": "summary", "summary": "S", "leafUuid": "here"}], "S"),
        ([{"type": "summary", "summary": "S", "leafUuid": "elsewhere"}], "fix the shop"),
        ([{"type": "summary", "summary": "S", "leafUuid": ["here"]}], "fix the shop"),
        ([{"type": "summary", "summary": "Invalid API key · Please run /login", "leafUuid": "here"}], "fix the shop"),
        ([{"type": "ai-title", "aiTitle": "API Error: 529"}], "fix the shop"),
        ([{"type": "ai-title", "aiTitle": "  "}, {"type": "custom-title", "customTitle": None}], "fix the shop"),
        ([STATE, {"type": "ai-title", "aiTitle": "A"}, {"type": "custom-title", "customTitle": "fix"}], "A"),
        ([{"type": "custom-title", "customTitle": "a\nb\x00"}], "a b\ufffd"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_the_title_is_the_persons_then_claudes_then_a_summary_of_this_file(
    records: list[Record], title: str, is_first: bool
) -> None:
    talk = [user("fix the shop", uuid="here"), assistant()]
    session = fold(*records, *talk) if is_first else fold(*talk, *records)
    assert session.title == title


def test_usage_that_is_null_or_absurd_counts_nothing() -> None:
    figures: list[Any] = [None, [], {"input_tokens": None}, {"input_tokens": -5}, {"output_tokens": 10**18}]
    figures += [{"input_tokens": float("nan")}, {"input_tokens": "7"}, {"input_tokens": True}, {"cache_creation": 3}]
    records = [assistant(message_id=f"m{n}") for n in range(len(figures))]
    for record, usage in zip(records, figures, strict=True):
        record["message"]["usage"] = usage
    session = fold(user("go"), *records)
    assert {(m.input_tokens, m.output_tokens, m.cache_read_tokens) for m in session.messages} == {(0, 0, 0)}


def test_an_interrupted_stream_is_a_lower_bound() -> None:
    record = assistant(message_id="m", output_tokens=1, isAbortedMidStream=True)
    record["message"]["stop_reason"] = None
    [message] = fold(user("go"), record).messages
    assert (message.output_tokens, message.is_final) == (1, False)


def test_a_message_without_any_id_is_still_counted() -> None:
    records = transcript(assistant(), assistant(), session_id="x")
    for record in records:
        record["message"]["id"] = None
        record["uuid"] = None
    assert len(fold(*records).messages) == 2


def test_cache_writes_that_the_split_does_not_name_are_of_five_minutes() -> None:
    record = assistant(message_id="m")
    record["message"]["usage"] = {
        "cache_creation_input_tokens": 100,
        "cache_creation": {"ephemeral_1h_input_tokens": 30},
    }
    [message] = fold(user("go"), record).messages
    assert (message.cache_write_5m_tokens, message.cache_write_1h_tokens) == (70, 30)


def test_times_that_go_back_do_not_make_active_time_negative() -> None:
    session = fold(
        user("a", timestamp="2026-11-16T10:00:10Z"),
        assistant(timestamp="2026-11-16T10:00:00Z"),
        user("b", timestamp="2026-11-16T10:00:20Z"),
        assistant(timestamp="9999-11-16T10:00:00Z"),
    )
    assert sum(entry.active_seconds for entry in session.entries) == 20
    assert [entry.entry_no for entry in session.entries] == [1, 2, 3, 4]
