"""What is written is for its owner alone, also where everybody else's files are open to all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from session_insights.spool import Spool
from tests.building import assistant, transcript, user, write_transcript

PROGRAM = Path(sys.executable).parent / "session-insights"


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder)} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in [folder, *folder.rglob("*")]
        if path.lstat().st_mode & 0o077
    ]


def test_archive_and_reports_are_the_owners_whatever_the_mask_says(database_url: str, tmp_path: Path) -> None:
    write_transcript(tmp_path / "projects", transcript(user("do it"), assistant("Done."), user("thanks")))
    kept, work = tmp_path / "kept", tmp_path / "work"
    work.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(work),
        "SESSION_INSIGHTS_DATABASE_URL": database_url,
        "SESSION_INSIGHTS_ARCHIVE": str(kept / "archive"),
        "SESSION_INSIGHTS_REPORTS_DIR": str(kept / "reports"),
        "SESSION_INSIGHTS_SOURCES": f"laptop={tmp_path / 'projects'}",
    }
    for command in (["sync"], ["extract", "--reader", "offline"], ["report", "--reader", "offline"]):
        done = subprocess.run(
            [PROGRAM, *command, "--json"], env=environment, umask=0, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
    assert sum(path.is_file() for path in (kept / "archive").rglob("*")) == 2
    assert len(list((kept / "reports").iterdir())) == 2
    assert open_to_others(kept / "archive") == []
    assert open_to_others(kept / "reports") == []
    assert list(work.iterdir()) == []


def test_what_waits_on_the_disk_is_its_users(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        spool: Spool[str] = Spool(memory_bytes=1)
        spool.append("a line of a transcript", 100)
        assert spool._path is not None
        assert stat.S_IMODE(Path(spool._path).stat().st_mode) == 0o600
    finally:
        os.umask(old)
