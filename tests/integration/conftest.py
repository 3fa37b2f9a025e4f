"""The command as a user runs it, on a small folder of transcripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.building import assistant, result, transcript, user, write_transcript
from tests.fakes.claude import FakeClaude

PROGRAM = Path(sys.executable).parent / "session-insights"
MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


class Shell:
    """Runs the command as a user would."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAM), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == code, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def shell(database_url: str, tmp_path: Path) -> Shell:
    return Shell(
        {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "SESSION_INSIGHTS_DATABASE_URL": database_url,
            "SESSION_INSIGHTS_REPORTS_DIR": str(tmp_path / "reports"),
        }
    )


@pytest.fixture
def claude(shell: Shell) -> Iterator[FakeClaude]:
    with FakeClaude() as server:
        shell.environment |= {"ANTHROPIC_API_KEY": "test-key", "ANTHROPIC_BASE_URL": server.url}
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four sessions in the week of 15 November, one the week before."""
    root = tmp_path / "projects"
    for day in (-6, 0, 1, 2, 3):
        number = abs(day)
        records = transcript(
            user("draft a mail to Maya Brooks about the town hall, the old way"),
            assistant(tool="Write", call="w", given={"file_path": f"mail-{number}.md", "content": "Dear Maya"}),
            result(
                "w", outcome={"type": "create", "filePath": "mail.md", "content": "Dear Maya", "structuredPatch": []}
            ),
            user("no, that's not what I meant: shorter"),
            assistant("Shorter now."),
            user("perfect, thank you!"),
            assistant("Gladly."),
            {"type": "ai-title", "aiTitle": f"Mail to Maya, number {number}"},
            session_id=f"session-{number}",
            cwd="/home/alex/work/indy-hall/events",
            start=MONDAY + timedelta(days=day),
            seconds=60,
        )
        write_transcript(root, records)
    return root
