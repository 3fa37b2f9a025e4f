"""Commits that really ran: transcript-format §5 and docs/decisions/0006."""

from __future__ import annotations

from typing import Any

import pytest

from tests.building import assistant, result, user
from tests.unit.transcripts.folding import fold


def bash(command: str, stdout: str = "", *, is_error: bool = False, outcome: Any = "stdout") -> int:
    """Commits counted for one command."""
    told = {"stdout": stdout} if outcome == "stdout" and not is_error else None
    call = assistant(tool="Bash", call="c", given={"command": command})
    session = fold(user("go"), call, result("c", stdout, is_error=is_error, outcome=told))
    return session.entries[-1].commit_count


@pytest.mark.parametrize(
    ("command", "stdout", "count"),
    [
        ("git commit -m a", "[main 1a2b3c4] a", 1),
        ("git commit -m a", "[main (root-commit) 1a2b3c4] a", 1),
        ("git commit -m a && git commit -m b", "[main 1a2b3c4] a\n 1 file\n[main 2b3c4d5] b", 2),
        ("git -C /x commit --amend --no-edit", "[feat/x 1a2b3c4] a", 1),
        ("git commit -q -m a", "", 1),
        ("cd /x && git add . && git commit -qm 'a; b'", "", 1),
        ("git add .\nGIT_EDITOR=true git -c user.name=x commit --quiet -m a", "", 1),
        ("(cd x && git commit -q -m a) && git commit -q -m b && git push", "", 2),
        ("git commit -q -m \"$(cat <<'EOF'\na message\nEOF\n)\"", "", 1),
        ("git commit -q -m a || true", "", 0),
        ("test -f x || git commit -q -m a", "", 0),
        ("sleep 9 & git commit -q -m a", "", 0),
        ("git commit -q -m a 2>&1", "", 1),
        ("echo a | git commit -q -F -", "", 1),
        ("git commit -q -m a; echo done", "", 0),
        ("git commit -q -m a | cat", "", 0),
        ("git commit -q --dry-run", "", 0),
        ("git commit -m '-q'", "", 0),
        ("git commit -m -q", "", 0),
        ("git config commit.gpgsign false", "", 0),
        ("echo 'git commit -q -m a'", "", 0),
        ("grep commit notes.txt", "[main 1a2b3c4] a", 0),
        ("git commit -m 'no end", "", 0),
        ("git commit -m a", "nothing to commit, working tree clean", 0),
    ],
)
def test_commits_are_those_that_really_ran(command: str, stdout: str, count: int) -> None:
    assert bash(command, stdout) == count


def test_a_commit_before_the_command_that_failed_did_run() -> None:
    output = "Exit code 1\n[main 1a2b3c4] a\nerror: failed to push"
    assert bash("git commit -m a && git push", output, is_error=True) == 1
    assert bash("git commit -q -m a && git push", "Exit code 1", is_error=True) == 0


def test_a_commit_of_a_sub_agent_is_told_by_its_text_alone() -> None:
    call = assistant(tool="Bash", call="c", given={"command": "git commit -m a"})
    session = fold(user("go"), call, result("c", "[main 1a2b3c4] a"), parent="p")
    assert session.entries[-1].commit_count == 1


def test_a_commit_sent_to_the_background_is_not_proved() -> None:
    call = assistant(tool="Bash", call="c", given={"command": "git commit -q -m a"})
    session = fold(user("go"), call, result("c", outcome={"stdout": "", "backgroundTaskId": "b1"}))
    assert session.entries[-1].commit_count == 0
