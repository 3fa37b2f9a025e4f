"""What a person reads: progress, failures, the last lines."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from local import run
from local.first_runs import describe_failure, describe_tasks
from local.progress import Step, format_seconds
from local.sources import Source
from local.state import hold_lock
from local.summary import ReadCounts, describe_counts, render_summary

OWN = Source("/home/vera/.claude/projects", "~/.claude/projects")


def task(task_id: str, state: str | None, map_index: int = -1) -> dict[str, object]:
    return {"task_id": task_id, "state": state, "map_index": map_index, "try_number": 1}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_rewrites_its_line_on_a_terminal() -> None:
    out = Terminal()
    with Step("Airflow", out=out) as step:
        step.update("waiting for scheduler")
        step.finish("started")
    assert out.getvalue().count("\n") == 1
    assert "waiting for scheduler" in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[2K  Airflow: started (0.0 s)\n")


def test_a_step_is_one_line_in_a_log() -> None:
    out = io.StringIO()
    with Step("Airflow", out=out) as step:
        step.update("waiting for scheduler")
    assert out.getvalue() == "  Airflow: done (0.0 s)\n"


def test_a_step_that_failed_says_so() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="odd"), Step("Airflow", out=out):
        raise ValueError("odd")
    assert out.getvalue() == "  Airflow: failed (0.0 s)\n"


@pytest.mark.parametrize(("seconds", "text"), [(0.44, "0.4 s"), (12.3, "12 s"), (185.2, "3 min 5 s")])
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_tasks_are_counted_with_those_that_failed() -> None:
    tasks = [task("a", "success"), task("b", "failed"), task("c", "upstream_failed"), task("d", None)]
    assert describe_tasks(tasks) == "3 of 4 tasks done, 2 failed"


def test_a_failed_run_names_its_tasks_and_the_end_of_a_log(tmp_path: Path) -> None:
    folder = tmp_path / "dag_id=d" / "run_id=r" / "task_id=extract_facets" / "map_index=3"
    folder.mkdir(parents=True)
    error = {"event": "Task failed with exception", "error_detail": [{"exc_type": "ValueError", "exc_value": "odd"}]}
    (folder / "attempt=1.log").write_text("plain line\n" + json.dumps(error) + "\n")
    told = describe_failure(
        tmp_path, "d", "r", [task("select_sessions", "success"), task("extract_facets", "failed", 3)]
    )
    assert told.startswith("d failed in extract_facets. The last lines of ")
    assert told.endswith("attempt=1.log:\nplain line\nTask failed with exception ValueError: odd")


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (
            ReadCounts(42, {"offline": 42}),
            "42 sessions from ~/.claude/projects; read offline by rules: no Claude connection",
        ),
        (ReadCounts(42, {"claude": 40}), "42 sessions from ~/.claude/projects; 40 read by Claude"),
        (ReadCounts(1, {"claude": 1}), "1 session from ~/.claude/projects; read by Claude"),
        (
            ReadCounts(3, {"claude": 2, "offline": 1}),
            "3 sessions from ~/.claude/projects; read: 2 by Claude, 1 offline by rules: no Claude connection",
        ),
        (ReadCounts(2), "2 sessions from ~/.claude/projects; none is read yet"),
        (
            ReadCounts(2, {"claude": 2}, 3),
            "2 sessions from ~/.claude/projects; read by Claude; 3 more are too short to read",
        ),
    ],
)
def test_the_summary_says_what_was_read_and_by_whom(counts: ReadCounts, text: str) -> None:
    assert describe_counts(counts, OWN) == text


def test_the_last_lines_tell_address_login_report_and_how_to_stop() -> None:
    told = render_summary(
        url="http://127.0.0.1:8080",
        user="admin",
        password="pw",
        report="/r.html",
        month="/m.html",
        counts="c",
        database="d",
        profile="p",
    )
    for line in (
        "  Airflow   http://127.0.0.1:8080",
        "  Login     admin / pw",
        "  Report    /r.html",
        "  Month     /m.html",
        "  Stop      make stop",
    ):
        assert line in told.splitlines()


def test_an_unknown_command_is_told_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["restart"]) == 2
    assert capsys.readouterr().err == "usage: python -m local.run start|stop|status\n"


def test_stop_on_a_clean_machine_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_STATE_DIR", str(tmp_path / "state"))
    assert run.main(["stop"]) == 0
    assert not (tmp_path / "state").exists()
    assert run.main(["status"]) == 0
    assert "Postgres: not running" in capsys.readouterr().out


def test_two_commands_at_once_do_not_race(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_STATE_DIR", str(tmp_path))
    with hold_lock(tmp_path / "lock"):
        assert run.main(["stop"]) == 1
    assert "another `make run` or `make stop` is at work" in capsys.readouterr().err


def test_an_error_is_one_plain_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SESSION_INSIGHTS_SOURCES", "/no/such")
    assert run.main(["start"]) == 1
    assert capsys.readouterr().err.startswith("\nerror: SESSION_INSIGHTS_SOURCES names /no/such")
