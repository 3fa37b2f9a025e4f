"""The first runs: the newest sessions through Airflow, the history by whoever reads it fastest."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local import first_runs
from local.first_runs import RunFailed, extract_facets, run_command
from local.state import LocalError


@dataclass
class FakeAirflow:
    """Sessions that are due, and what is done about them."""

    due: int
    reader: str = "offline"
    fails: bool = False
    done: list[str] = field(default_factory=list)
    selected: int = 0

    def run_dag(self, state_dir: Any, site: Any, api: Any, dag_id: str, conf: dict[str, int]) -> str:
        limit = conf.get("limit", 20)
        self.selected = min(self.due, limit)
        self.due -= self.selected
        self.done.append(f"run {limit}")
        if self.fails:
            raise RunFailed("session 1: odd", "r")
        return "r"

    def load_return_value(self, dag_id: str, run_id: str, task_id: str) -> list[str]:
        return ["id"] * self.selected

    def pause(self, dag_id: str, *, paused: bool) -> None:
        self.done.append("pause" if paused else "go on")

    def run_command(self, arguments: list[str], told: Any, update: Any) -> dict[str, int]:
        self.done.append(" ".join(arguments))
        return {"ok_count": self.due, "failed_count": 0}

    def extract(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(first_runs, "run_dag", self.run_dag)
        monkeypatch.setattr(first_runs, "run_command", self.run_command)
        monkeypatch.setattr(first_runs, "load_readers", lambda url, run_id: {self.reader})
        unused: Any = None
        extract_facets(unused, unused, self, "", {})  # type: ignore[arg-type]
        return self.done


def test_a_report_that_was_skipped_for_want_of_sessions_has_no_page() -> None:
    class Answers:
        state = "success"

        def load_tasks(self, dag_id: str, run_id: str) -> list[dict[str, str]]:
            return [{"task_id": "publish_report", "state": self.state}]

        def load_return_value(self, dag_id: str, run_id: str, task_id: str) -> dict[str, str]:
            return {"path": "/reports/weekly.html"}

    api: Any = Answers()
    assert first_runs.find_report(api, "r") == Path("/reports/weekly.html")
    api.state = "skipped"
    assert first_runs.find_report(api, "r") is None


@dataclass
class FakeSchedule:
    """A DAG that is paused, with or without a run that it owes."""

    due_at: str | None
    appears: bool = True

    def find_due_run(self, dag_id: str) -> str | None:
        return self.due_at

    def pause(self, dag_id: str, *, paused: bool) -> None:
        assert not paused

    def find_scheduled_run(self, dag_id: str, run_after: str) -> str | None:
        return f"scheduled {run_after}" if self.appears else None

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        return "manual"


@pytest.mark.parametrize(
    ("schedule", "run_id"),
    [
        (FakeSchedule("2026-11-22"), "scheduled 2026-11-22"),
        (FakeSchedule(None), "manual"),
        (FakeSchedule("2026-11-22", appears=False), "manual"),
    ],
)
def test_a_run_that_the_schedule_owes_is_waited_for_and_not_doubled(
    schedule: FakeSchedule, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_runs, "DUE_RUN_SECONDS", 0.3)
    unused: Any = schedule
    assert first_runs._start_run(unused, "d", {}) == run_id


BY_RULES = ["run 20", "pause", "extract --limit 100000 --reader offline --json", "go on"]


def test_nothing_more_is_asked_when_few_sessions_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FakeAirflow(due=19).extract(monkeypatch) == ["run 20"]


def test_rules_read_the_history_with_one_command_while_the_schedule_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FakeAirflow(due=150).extract(monkeypatch) == BY_RULES


def test_claude_reads_the_history_in_large_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FakeAirflow(due=350, reader="claude").extract(monkeypatch) == ["run 20", "run 200", "run 200"]


def test_claude_reads_no_more_than_a_thousand_sessions_of_history_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FakeAirflow(due=9_999, reader="claude").extract(monkeypatch) == ["run 20"] + ["run 200"] * 5


def test_a_session_that_fails_does_not_keep_the_history_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = FakeAirflow(due=150, fails=True)
    with pytest.raises(LocalError, match="session 1: odd"):
        airflow.extract(monkeypatch)
    assert airflow.done == BY_RULES


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the installed command, to be filled by the test."""
    monkeypatch.setattr(first_runs.sys, "executable", str(tmp_path / "python"))
    (tmp_path / "session-insights").touch(mode=0o755)
    return tmp_path / "session-insights"


def test_a_command_tells_its_progress_and_answers_once(command: Path) -> None:
    # More than a pipe holds, written while nobody reads it.
    command.write_text(
        '#!/bin/sh\necho "1 of 2: $1" >&2\nprintf \'{"ids": "%0100000d"}\' 0\necho "2 of 2" >&2\nexit 1\n'
    )
    heard: list[str] = []
    assert len(run_command(["extract"], os.environ, heard.append)["ids"]) == 100_000
    assert heard == ["1 of 2: extract", "2 of 2"]


def test_a_command_without_an_answer_is_an_error_in_its_own_words(command: Path) -> None:
    command.write_text("#!/bin/sh\necho 'profile.yaml, line 3: no such key' >&2\nexit 2\n")
    with pytest.raises(LocalError, match=r"`session-insights migrate` ended with code 2:\nprofile\.yaml, line 3"):
        run_command(["migrate", "--json"], os.environ, print)
