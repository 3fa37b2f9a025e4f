"""`.env`: settings that `make run` reads."""

from __future__ import annotations

from pathlib import Path

from local.run import load_environment


def test_a_setting_in_the_file_counts_unless_the_shell_says_otherwise(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SESSION_INSIGHTS_READER=offline\n# a comment\nSESSION_INSIGHTS_SOURCES=a=/x\n", encoding="utf-8")
    environment = load_environment(file, {"SESSION_INSIGHTS_READER": "claude", "HOME": "/home/alex"})
    assert environment == {
        "SESSION_INSIGHTS_READER": "claude",
        "SESSION_INSIGHTS_SOURCES": "a=/x",
        "HOME": "/home/alex",
    }


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert load_environment(tmp_path / ".env", {"HOME": "/h"}) == {"HOME": "/h"}
