"""Which transcripts are read: named ones, then Claude Code's own, then the demo's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from local.sources import Source, choose_source
from local.state import LocalError

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def choose(environment: dict[str, str], tmp_path: Path, now: dt.datetime = NOW) -> Source:
    (tmp_path / "state").mkdir(exist_ok=True)
    return choose_source(environment, home=tmp_path / "home", state_dir=tmp_path / "state", now=now)


def add_transcript(folder: Path) -> Path:
    (folder / "-srv-shop").mkdir(parents=True)
    (folder / "-srv-shop" / "1.jsonl").write_text("{}\n")
    return folder


def test_a_named_source_wins(tmp_path: Path) -> None:
    add_transcript(tmp_path / "home" / ".claude" / "projects")
    named = f"laptop={tmp_path},desk=s3://bucket/dt=2026"
    assert choose({"SESSION_INSIGHTS_SOURCES": named}, tmp_path) == Source(named, named)


def test_a_named_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="SESSION_INSIGHTS_SOURCES names /no/such, which is no folder"):
        choose({"SESSION_INSIGHTS_SOURCES": "laptop=/no/such"}, tmp_path)


def test_the_folder_of_claude_config_dir_replaces_the_usual_ones(tmp_path: Path) -> None:
    add_transcript(tmp_path / "home" / ".claude" / "projects")
    own = add_transcript(tmp_path / "own" / "projects")
    assert choose({"CLAUDE_CONFIG_DIR": str(tmp_path / "own")}, tmp_path).setting == str(own)


def test_both_usual_folders_are_read_if_both_hold_transcripts(tmp_path: Path) -> None:
    old = add_transcript(tmp_path / "home" / ".claude" / "projects")
    new = add_transcript(tmp_path / "home" / ".config" / "claude" / "projects")
    source = choose({}, tmp_path)
    assert source.setting == f"{old},{new}"
    assert source.label == "~/.claude/projects and ~/.config/claude/projects"
    assert not source.is_demo


def test_an_empty_home_gets_demo_transcripts_and_says_where_it_looked(tmp_path: Path) -> None:
    (tmp_path / "home" / ".claude" / "projects").mkdir(parents=True)
    source = choose({}, tmp_path)
    assert source.is_demo
    assert source.is_new_demo
    assert source.setting == f"demo={tmp_path / 'state' / 'demo' / 'projects'}"
    assert source.looked_in == "~/.claude/projects and ~/.config/claude/projects"
    assert list((tmp_path / "state" / "demo" / "projects").rglob("*.jsonl"))


def test_the_demo_is_kept_for_a_week_and_then_written_anew(tmp_path: Path) -> None:
    assert choose({}, tmp_path).is_new_demo
    assert not choose({}, tmp_path, NOW + dt.timedelta(days=6)).is_new_demo
    assert choose({}, tmp_path, NOW + dt.timedelta(days=7)).is_new_demo


def test_a_folder_that_a_setting_cannot_name_is_an_error(tmp_path: Path) -> None:
    add_transcript(tmp_path / "a=b" / "projects")
    with pytest.raises(LocalError, match=r"a=b.*equals sign"):
        choose({"CLAUDE_CONFIG_DIR": str(tmp_path / "a=b")}, tmp_path)
