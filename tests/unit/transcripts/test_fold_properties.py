"""Whatever stands in a file, the fold holds: no exception, nothing negative, nothing twice."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_insights.records import ParsedSession
from session_insights.transcripts import drafts, folding, hashes, usage
from session_insights.transcripts.folding import SessionFold
from tests.building import Record, assistant, result, stamp, transcript, user

TYPES = (
    *("user", "assistant", "system", "attachment", "progress", "queue-operation", "summary", "custom-title"),
    *("ai-title", "pr-link", "worktree-state", "file-history-snapshot", "last-prompt", "of tomorrow"),
)
TEXTS = st.sampled_from(
    [
        *(
            "",
            " ",
            "go",
            "/model opus",
            "/etc/hosts",
            "Warmup",
            "[Request interrupted by user]",
            "\x00\ud800",
            "x" * 600,
        ),
        *(
            "<command-name>/x</command-name>",
            "<bash-input>ls",
            "<system-reminder>a</system-reminder>b",
            "<ide_selection>",
        ),
        *("The user doesn't want to proceed", "Base directory for this skill: /x", '{"task_id":1}', "Invalid API key"),
    ]
)
NUMBERS = st.one_of(st.integers(-5, 50), st.sampled_from([10**30, -(10**30), 1.5, float("inf"), float("nan")]))
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=3,
)
BLOCK_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(["text", "tool_use", "tool_result", "image", "thinking"]), JUNK),
        "text": st.one_of(TEXTS, JUNK),
        "id": st.one_of(st.sampled_from(["c1", "c2"]), JUNK),
        "tool_use_id": st.one_of(st.sampled_from(["c1", "c2"]), JUNK),
        "name": st.one_of(st.sampled_from(["Bash", "Edit", "Skill", "ExitPlanMode", "mcp__a__b"]), JUNK),
        "input": st.one_of(st.just({"command": "git commit -q -m a", "skill": "/", "file_path": "/a"}), JUNK),
        "content": st.one_of(TEXTS, JUNK),
        "is_error": st.one_of(st.booleans(), JUNK),
    },
)
USAGE = st.dictionaries(
    st.sampled_from(["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_creation"]),
    JUNK,
    max_size=4,
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "id": st.one_of(st.sampled_from(["m1", "m2", "m3"]), JUNK),
        "model": st.one_of(st.sampled_from(["claude-opus-5-5", "<synthetic>"]), JUNK),
        "content": st.one_of(TEXTS, st.lists(BLOCK_FIELDS, max_size=3), JUNK),
        "usage": st.one_of(USAGE, JUNK),
        "stop_reason": st.one_of(st.just("end_turn"), JUNK),
    },
)
TIMES = st.one_of(
    st.integers(0, 90_000).map(lambda seconds: stamp(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))),
    st.sampled_from(["", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-01-01", "yesterday"]),
)
OTHERS = (
    *("origin", "promptSource", "turnOrigin", "entrypoint", "isMeta", "permissionDecision", "toolDenialKind"),
    *("toolUseResult", "planContent", "attachment", "operation", "commandRun", "compactMetadata", "forkedFrom"),
    *("prUrl", "leafUuid", "customTitle", "aiTitle", "worktreeSession", "cwd", "sessionId", "sessionKind"),
    *("userFeedback", "interruptedMessageId", "isApiErrorMessage", "thinkingMetadata", "requestId", "uuid"),
    *("timestamp", "message", "content", "subtype", "summary", "type"),
)


def _record(kind: Any, uuid: Any, at: Any, message: Any, content: str, others: Record) -> Record:
    fields = {"type": kind, "uuid": uuid, "timestamp": at, "message": message, "content": content}
    return {**fields, "subtype": "local_command", "summary": content, **others}


RECORDS = st.lists(
    st.builds(
        _record,
        st.sampled_from(TYPES),
        st.sampled_from("abcdefgh"),
        TIMES,
        MESSAGE,
        TEXTS,
        st.dictionaries(st.sampled_from(OTHERS), JUNK, max_size=3),
    ),
    max_size=8,
)


def fold(records: list[Record]) -> ParsedSession:
    made = SessionFold("s", None, entry_characters=400)
    for number, record in enumerate(records, 1):
        made.add(record, number)
    return made.finish()


def check(session: ParsedSession) -> None:
    for message in session.messages:
        counts = (message.input_tokens, message.output_tokens, message.cache_read_tokens)
        assert min(*counts, message.cache_write_5m_tokens, message.cache_write_1h_tokens) >= 0
    assert [entry.entry_no for entry in session.entries] == list(range(1, len(session.entries) + 1))
    for entry in session.entries:
        assert min(entry.lines_added, entry.lines_removed, entry.commit_count, entry.active_seconds) >= 0
        assert len(entry.text) <= 400
    active = sum(entry.active_seconds for entry in session.entries)
    if session.first_record_at is None or session.last_record_at is None:
        assert active == 0
    else:
        span = (session.last_record_at - session.first_record_at).total_seconds()
        assert active <= span + 0.001 * len(session.entries)
    for text in (session.title, session.cwd, session.project, *(entry.text for entry in session.entries)):
        assert "\x00" not in (text or "").encode().decode()


@settings(max_examples=100, deadline=None)
@given(RECORDS)
def test_no_records_whatever_they_hold_break_the_fold(records: list[Record]) -> None:
    check(fold(copy.deepcopy(records)))


CALLS = st.sampled_from(["c1", "c2", "c3"])
TALK = st.one_of(
    st.builds(user, TEXTS),
    st.builds(lambda text, n: assistant(text, message_id=f"m{n}", output_tokens=n), TEXTS, st.integers(0, 5)),
    st.builds(lambda call, n: assistant(tool="Bash", call=call, message_id=f"m{n}"), CALLS, st.integers(0, 5)),
    st.builds(lambda call, is_error, text: result(call, text, is_error=is_error), CALLS, st.booleans(), TEXTS),
    st.just({"type": "system", "subtype": "compact_boundary"}),
)


def entries_of(session: ParsedSession) -> list[Any]:
    """What is stored, without the numbers of records."""
    return [(e.kind, e.text, e.is_person, e.uuid, e.tool, e.commit_count, e.active_seconds) for e in session.entries]


@settings(max_examples=50, deadline=None)
@given(st.lists(TALK, max_size=10), st.integers(1, 900))
def test_records_that_come_twice_change_nothing(talk: list[Record], seconds: int) -> None:
    records = transcript(*talk, seconds=seconds)
    once, again, doubled = (
        fold(records),
        fold([*records, *records]),
        fold([record for record in records for _ in range(2)]),
    )
    for other in (again, doubled):
        assert entries_of(other) == entries_of(once)
        assert [(m.message_id, m.output_tokens) for m in other.messages] == [
            (m.message_id, m.output_tokens) for m in once.messages
        ]
        assert (other.title, other.category, other.initiated_by) == (once.title, once.category, once.initiated_by)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=12))
def test_active_time_is_each_gap_cut_at_five_minutes(offsets: list[int]) -> None:
    start = datetime(2026, 11, 16, tzinfo=UTC)
    records = transcript(
        *(user(f"{n}", timestamp=stamp(start + timedelta(seconds=offset))) for n, offset in enumerate(offsets))
    )
    ordered = sorted(offsets)
    expected = sum(min(after - before, 300) for before, after in pairwise(ordered))
    assert sum(entry.active_seconds for entry in fold(records).entries) == expected


@settings(max_examples=100, deadline=None)
@given(st.one_of(RECORDS, st.lists(TALK, max_size=12).map(lambda talk: transcript(*talk))))
def test_a_session_too_long_for_memory_is_folded_like_a_short_one(records: list[Record]) -> None:
    whole = fold(copy.deepcopy(records))
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((drafts, "_NEAR"), (drafts, "_RUN"), (usage, "_NEAR"), (hashes, "_NEAR")):
            patch.setattr(module, name, 1)
        assert fold(copy.deepcopy(records)) == whole


def test_a_result_that_comes_long_after_its_call_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_NEAR", 2)
    between = [assistant(f"reply {n}") for n in range(50)]
    session = fold(transcript(assistant(tool="Bash", call="c"), *between, result("c", "Exit code 1", is_error=True)))
    assert session.entries[0].kind == "tool_error"


def test_calls_that_nobody_answers_wait_in_a_bounded_number_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_NEAR", 1)
    calls = [
        assistant(tool="Bash", given={"command": f"ls {n}"}, call=f"c{n % 7}" if n < 8 else f"c{n}") for n in range(30)
    ]
    talk = transcript(*calls, result("c29", "ok"), assistant("Done."))
    whole = fold(talk)
    monkeypatch.setattr(folding, "_MOST_CALLS", 3)
    waiting: list[int] = []
    close = drafts.Drafts.close

    def counted(self: drafts.Drafts, draft: drafts.Draft) -> None:
        close(self, draft)
        waiting.append(len(self._open))

    monkeypatch.setattr(drafts.Drafts, "close", counted)
    assert fold(talk) == whole
    assert len(waiting) >= 20
    assert max(waiting) <= 4


def test_lines_of_a_message_that_come_long_after_it_count_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_NEAR", 2)
    between = [assistant(message_id=f"m{n}") for n in range(50)]
    late = assistant(message_id="first", output_tokens=99)
    session = fold(transcript(assistant(message_id="first", output_tokens=1), *between, late, late))
    assert [message.output_tokens for message in session.messages] == [99, *[10] * 50]
