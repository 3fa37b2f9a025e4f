"""Which files are transcripts, and whose: transcript-format §1 and §10.7, and folders that mean harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from session_insights.transcripts.files import find_transcripts, is_gone
from session_insights.transcripts.parsing import parse_file
from tests.building import Record, assistant, transcript, user, write_transcript


def put(root: Path, path: str, data: bytes = b"{}\n") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def found(root: Path) -> dict[str, tuple[str | None, str | None]]:
    """Path below the root → (session, parent)."""
    files = find_transcripts("laptop", root)
    return {str(Path(file.path).relative_to(root)): (file.session_id, file.parent_session_id) for file in files}


def sidechain(*records: Record, **more: object) -> list[Record]:
    return [{**record, "isSidechain": True, **more} for record in transcript(*records, session_id="main")]


@pytest.mark.parametrize(
    ("path", "session", "parent"),
    [
        ("-slug/abc.jsonl", "abc", None),
        ("projects/-slug/abc.jsonl", "abc", None),
        ("-slug/abc/subagents/agent-a95c6938247682d65.jsonl", "abc/agent-a95c6938247682d65", "abc"),
        ("-slug/abc/subagents/workflows/wf_1/agent-af1.jsonl", "abc/agent-af1", "abc"),
        ("-slug/agent-90f2d9a1.jsonl", None, None),
    ],
)
def test_a_file_is_named_after_its_session(tmp_path: Path, path: str, session: str | None, parent: str | None) -> None:
    put(tmp_path, path)
    assert found(tmp_path) == {path: (session, parent)}


def test_a_root_below_a_folder_called_subagents_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "x" / "subagents" / "projects"
    put(root, "-slug/agent-90f2d9a1.jsonl")
    assert found(root) == {"-slug/agent-90f2d9a1.jsonl": (None, None)}


def test_journals_histories_notes_and_other_files_are_no_transcripts(tmp_path: Path) -> None:
    for path in (
        *("history.jsonl", "-slug/abc/subagents/workflows/wf_1/journal.jsonl", "-slug/memory/a.jsonl"),
        *("-slug/abc/tool-results/b.jsonl", "-slug/sessions-index.json", "-slug/abc/custom-title.json"),
    ):
        put(tmp_path, path)
    assert found(tmp_path) == {}


def test_folders_pipes_and_links_called_like_a_transcript_are_passed_over(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", put(tmp_path, "outside/secret.jsonl")
    put(root, "-slug/good.jsonl")
    (root / "-slug/folder.jsonl").mkdir()
    os.mkfifo(root / "-slug/pipe.jsonl")
    (root / "-slug/link.jsonl").symlink_to(outside)
    (root / "-slug/broken.jsonl").symlink_to(root / "nowhere")
    (root / "-slug/loop").symlink_to(root)
    (root / "elsewhere").symlink_to(outside.parent)
    assert list(found(root)) == ["-slug/good.jsonl"]


def test_a_tree_deeper_than_claude_code_makes_ends(tmp_path: Path) -> None:
    put(tmp_path, "a/b/c/d/e/f/g/h/i/j/deep.jsonl")
    assert found(tmp_path) == {}


def test_a_name_that_is_not_utf_8_is_passed_over_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, "good.jsonl")
    with open(os.path.join(os.fsencode(tmp_path), b"bad-\xff.jsonl"), "wb") as file:  # noqa: PTH118, PTH123
        file.write(b"{}\n")
    assert list(found(tmp_path)) == ["good.jsonl"]
    assert "not UTF-8" in caplog.text


def test_gone_is_what_is_no_file_any_more_and_not_what_cannot_be_looked_at(tmp_path: Path) -> None:
    good = put(tmp_path, "good.jsonl")
    (tmp_path / "link.jsonl").symlink_to(good)
    assert [
        name for name in ("good.jsonl", "gone.jsonl", "link.jsonl", "good.jsonl/x") if is_gone(f"{tmp_path}/{name}")
    ] == [
        "gone.jsonl",
        "link.jsonl",
        "good.jsonl/x",
    ]
    assert not is_gone(f"{tmp_path}/{'x' * 300}.jsonl")  # the system refuses to look


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    put(tmp_path, "-a/x.jsonl")
    put(tmp_path, "-b/y.jsonl")
    (tmp_path / "-a").chmod(0)
    try:
        assert list(found(tmp_path)) == ["-b/y.jsonl"]
    finally:
        (tmp_path / "-a").chmod(0o700)


def parsed(root: Path) -> dict[str, list[tuple[str, str | None]]]:
    """File name → the sessions in it."""
    return {
        Path(file.path).name: [
            (session.session_id, session.parent_session_id)
            for session in parse_file(file, entry_characters=1000).sessions
        ]
        for file in find_transcripts("laptop", root)
    }


def test_an_empty_file_is_no_session_and_its_warm_up_agent_makes_none(tmp_path: Path) -> None:
    put(tmp_path, "-slug/main.jsonl", b"")
    write_transcript(tmp_path, sidechain(user("Warmup"), assistant()), name="agent-90f2d9a1", project="-slug")
    [agent] = [s for f in find_transcripts("laptop", tmp_path) for s in parse_file(f, entry_characters=9).sessions]
    assert (agent.session_id, agent.parent_session_id, agent.category) == ("main/agent-90f2d9a1", "main", "warmup")


@pytest.mark.parametrize("hostile", ["../../x", "a/b", "..\\x", "x\x00y", "x\ny"])
def test_an_id_out_of_a_record_cannot_be_a_path(tmp_path: Path, hostile: str) -> None:
    records = [{**record, "sessionId": hostile} for record in sidechain(user("look"), assistant())]
    write_transcript(tmp_path, records, name="agent-90f2d9a1")
    main = [*transcript(user("go"), assistant()), *sidechain(user("look"), agentId=hostile)]
    write_transcript(tmp_path, main, name="main")
    for sessions in parsed(tmp_path).values():
        for session_id, parent in sessions:
            assert session_id.count("/") == (0 if parent is None else 1)
            assert ".." not in session_id.split("/")
            assert session_id.isprintable()


def test_inline_sub_agents_that_interleave_are_told_apart_by_their_parents(tmp_path: Path) -> None:
    def agent(number: int) -> list[Record]:
        made = sidechain(user(f"look {number}"), assistant(f"a{number}"), assistant(f"b{number}"))
        for place, record in enumerate(made):
            record["uuid"] = f"{number}-{place}"
            record["parentUuid"] = f"{number}-{place - 1}" if place else None
        return made

    mixed = [record for pair in zip(agent(1), agent(2), strict=True) for record in pair]
    path = write_transcript(tmp_path, [*transcript(user("go"), assistant(), session_id="main"), *mixed])
    [file] = find_transcripts("laptop", tmp_path)
    sessions = {s.session_id: [e.text for e in s.entries] for s in parse_file(file, entry_characters=99).sessions}
    assert path.stem == "main"
    assert sessions == {
        "main": ["go", "Done."],
        "main/agent-inline-1": ["look 1", "a1", "b1"],
        "main/agent-inline-2": ["look 2", "a2", "b2"],
    }


def test_a_sub_agent_of_a_sub_agent_known_from_progress_alone_is_kept(tmp_path: Path) -> None:
    inner = {"type": "assistant", "uuid": "i1", "message": assistant("found", message_id="m9")["message"]}
    progress: Record = {"type": "progress", "data": {"type": "agent_progress", "agentId": "deep", "message": inner}}
    records = sidechain(user("look"), assistant(), progress, agentId="a1")
    write_transcript(tmp_path, records, name="agent-a1", project="-slug/main/subagents")
    assert sorted(parsed(tmp_path)["agent-a1.jsonl"]) == [("main/agent-a1", "main"), ("main/agent-deep", "main")]
