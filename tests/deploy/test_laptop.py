"""What runs on a laptop: the hook that never disturbs, the timers, and what both send."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
LAPTOP = ROOT / "deploy" / "laptop"


class Airflow:
    """A server that takes what the hook sends and keeps it; real sockets, no Airflow."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any], str | None]] = []
        keep = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                keep.append((self.path, body, self.headers.get("Authorization")))
                answer = json.dumps({"access_token": "token-1", "dag_run_id": "run-1"}).encode()
                self.send_response(201)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


class Laptop:
    """A home folder with Claude Code's transcripts and our configuration."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / ".config" / "session-insights"
        self.project = home / ".claude" / "projects" / "-work-mail"
        self.target = home / "server"
        self.target.mkdir()
        (self.project / "one" / "subagents").mkdir(parents=True)
        (self.project / "one.jsonl").write_text("{}\n")
        (self.project / "one" / "subagents" / "agent-a.jsonl").write_text("{}\n")
        (self.project / "other.jsonl").write_text("{}\n")
        self.config.mkdir(parents=True)
        shutil.copy(LAPTOP / "ship.py", self.config)

    def configure(self, **given: str) -> None:
        path = self.config / "laptop.json"
        path.write_text(json.dumps({"machine": "alex-laptop", "target": str(self.target), **given}))
        path.chmod(0o600)

    def run(self, *arguments: str, told: Any = None, path: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(self.home)}
        command = [sys.executable, str(self.config / "ship.py"), *arguments]
        text = told if isinstance(told, str) else json.dumps(told or {})
        return subprocess.run(
            command, input=text, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def end_session(self, file: Path | str | None = None) -> subprocess.CompletedProcess[str]:
        file = file or self.project / "one.jsonl"
        return self.run("--hook", told={"session_id": "one", "transcript_path": str(file), "reason": "other"})

    def log(self, until: str) -> str:
        """The log, once it says `until`."""
        deadline = time.monotonic() + 20
        path = self.config / "laptop.log"
        while not path.exists() or until not in path.read_text():
            assert time.monotonic() < deadline, path.read_text() if path.exists() else "no log"
            time.sleep(0.05)
        return path.read_text()

    def sent(self) -> set[str]:
        return {str(path.relative_to(self.target)) for path in self.target.rglob("*") if path.is_file()}


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    opened = Airflow()
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


@pytest.fixture
def rsync() -> None:
    if shutil.which("rsync") is None:
        if os.environ.get("CI"):
            pytest.fail("rsync is not installed; .ci/run installs it")
        pytest.skip("rsync is not installed")


@pytest.mark.usefixtures("rsync")
def test_the_hook_sends_one_session_and_asks_for_it_by_name(laptop: Laptop, airflow: Airflow) -> None:
    laptop.configure(airflow=airflow.url, user="laptop", password="secret-1")
    done = laptop.end_session()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = laptop.log("Asked for")
    assert laptop.sent() == {"-work-mail/one.jsonl", "-work-mail/one/subagents/agent-a.jsonl"}
    [login, trigger] = airflow.requests
    assert login == ("/auth/token", {"username": "laptop", "password": "secret-1"}, None)
    conf = {"transcript": "-work-mail/one.jsonl", "machine": "alex-laptop"}
    path = "/api/v2/dags/insights_session_ended/dagRuns"
    assert trigger == (path, {"logical_date": None, "conf": conf}, "Bearer token-1")
    assert "secret-1" not in log


@pytest.mark.usefixtures("rsync")
def test_the_timer_sends_everything_new_and_deletes_nothing(laptop: Laptop) -> None:
    laptop.configure()
    assert laptop.run("--all").returncode == 0
    everything = {"-work-mail/one.jsonl", "-work-mail/one/subagents/agent-a.jsonl", "-work-mail/other.jsonl"}
    assert laptop.sent() == everything
    (laptop.project / "other.jsonl").unlink()
    (laptop.project / "one.jsonl").write_text("{}\n{}\n")
    (laptop.project / "link.jsonl").symlink_to("/etc/passwd")
    assert laptop.run("--all").returncode == 0
    assert laptop.sent() == everything
    assert (laptop.target / "-work-mail" / "one.jsonl").read_text() == "{}\n{}\n"


def test_a_bucket_is_filled_by_the_aws_command(laptop: Laptop, tmp_path: Path) -> None:
    """The command is one of ours here, which notes how it was called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "aws").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/called\n')
    (programs / "aws").chmod(0o755)
    laptop.configure(target="s3://team/transcripts/alex-laptop/")
    told = {"transcript_path": str(laptop.project / "one.jsonl")}
    assert laptop.run("--session", told=told, path=str(programs)).returncode == 0
    assert laptop.run("--all", path=str(programs)).returncode == 0
    place = "s3://team/transcripts/alex-laptop"
    assert (tmp_path / "called").read_text().splitlines() == [
        f"s3 cp --only-show-errors {laptop.project}/one.jsonl {place}/-work-mail/one.jsonl",
        f"s3 sync --only-show-errors --no-follow-symlinks {laptop.project}/one {place}/-work-mail/one",
        f"s3 sync --only-show-errors --no-follow-symlinks {laptop.project.parent}/ {place}/",
    ]


@pytest.mark.parametrize(
    "told", ["", "no json", "[]", "{}", '{"transcript_path": 7}', '{"transcript_path": "/etc/passwd"}']
)
def test_whatever_the_hook_is_told_it_ends_at_once_with_zero_and_says_nothing(laptop: Laptop, told: str) -> None:
    laptop.configure()
    done = laptop.run("--hook", told=told)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    laptop.log("ERROR")
    assert laptop.sent() == set()


def test_the_hook_does_not_wait_for_a_server_that_hangs(laptop: Laptop, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "rsync").write_text("#!/bin/sh\nsleep 8\n")
    (programs / "rsync").chmod(0o755)
    laptop.configure()
    started_at = time.monotonic()
    told = {"transcript_path": str(laptop.project / "one.jsonl")}
    assert laptop.run("--hook", told=told, path=str(programs)).returncode == 0
    assert time.monotonic() - started_at < 6


def test_without_a_configuration_the_hook_is_silent_and_the_timer_says_what_is_missing(laptop: Laptop) -> None:
    done = laptop.end_session()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "laptop.json" in laptop.log("FileNotFoundError")
    done = laptop.run("--all")
    assert done.returncode == 1
    assert "laptop.json" in done.stderr


def test_a_configuration_that_others_can_read_is_refused(laptop: Laptop) -> None:
    laptop.configure()
    (laptop.config / "laptop.json").chmod(0o644)
    assert "chmod 600" in laptop.run("--all").stderr


def test_only_sessions_of_claude_code_are_sent(laptop: Laptop, tmp_path: Path) -> None:
    laptop.configure()
    private = tmp_path / "private.jsonl"
    private.write_text("{}")
    (laptop.project / "link.jsonl").symlink_to(private)
    for file in (private, laptop.project / "link.jsonl", laptop.project / ".." / ".." / "private.jsonl"):
        assert laptop.run("--session", told={"transcript_path": str(file)}).returncode == 1
    assert laptop.sent() == set()


@pytest.mark.usefixtures("rsync")
def test_the_password_is_never_sent_in_the_clear(laptop: Laptop) -> None:
    laptop.configure(airflow="http://insights.example.com", user="laptop", password="secret-1")
    assert laptop.end_session().returncode == 0
    assert "give an https address" in laptop.log("in the clear")


def test_the_timers_are_well_formed_and_run_the_script() -> None:
    with (LAPTOP / "com.session-insights.ship.plist").open("rb") as file:
        agent = plistlib.load(file)
    assert agent["ProgramArguments"][-1].endswith('/ship.py" --all')
    assert agent["StartInterval"] == 900
    service = (LAPTOP / "session-insights.service").read_text()
    assert "ExecStart=/usr/bin/env python3 %h/.config/session-insights/ship.py --all" in service
    if shutil.which("systemd-analyze"):
        units = [str(LAPTOP / f"session-insights.{kind}") for kind in ("service", "timer")]
        done = subprocess.run(
            ["systemd-analyze", "--user", "verify", *units], capture_output=True, text=True, check=False
        )
        assert not [line for line in done.stderr.splitlines() if "session-insights" in line], done.stderr


def test_the_script_needs_no_newer_python_than_it_says() -> None:
    import ast

    ast.parse((LAPTOP / "ship.py").read_text("utf-8"), feature_version=(3, 9))
    example = json.loads((LAPTOP / "laptop.json.example").read_text("utf-8"))
    assert set(example) == {"machine", "target", "airflow", "user", "password"}
