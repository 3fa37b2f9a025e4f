"""Background processes: known by number and start time, ended with all that they started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.processes import Service, check_service, find_service, read_tail, start_service, stop_services
from local.state import LocalError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# A parent that ignores being asked, with a child in a group of its own, as a task of Airflow's is.
STUBBORN = [
    sys.executable,
    "-c",
    "import os, signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], process_group=0)\n"
    "print(child.pid, flush=True); time.sleep(60)",
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service("sleeper", tmp_path / "sleeper.pid", tmp_path / "sleeper.log")
    yield made
    stop_services([made], seconds=0)


def start(service: Service, command: list[str]) -> psutil.Process:
    start_service(service, command, os.environ, cwd=service.log.parent)
    process = find_service(service)
    assert process is not None
    return process


def read_line(service: Service) -> str:
    deadline = time.monotonic() + 10
    while not service.log.read_text().endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.02)
    return service.log.read_text().strip()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_service_runs_in_a_session_of_its_own_and_is_ended(service: Service) -> None:
    process = start(service, SLEEP)
    assert os.getsid(process.pid) == process.pid
    assert stop_services([service]) == ["sleeper"]
    assert not is_alive(process.pid)
    assert not service.pid_file.exists()
    assert stop_services([service]) == []


def test_a_number_that_was_given_to_another_program_is_never_ended(service: Service) -> None:
    with subprocess.Popen(SLEEP) as stranger:
        service.pid_file.write_text(json.dumps({"pid": stranger.pid, "started_at": time.time() - 3600}))
        assert find_service(service) is None
        assert stop_services([service]) == []
        assert is_alive(stranger.pid)
        stranger.kill()


def test_whoever_does_not_listen_is_ended_by_force_with_its_children(service: Service) -> None:
    process = start(service, STUBBORN)
    child = int(read_line(service))
    assert stop_services([service], seconds=0.5) == ["sleeper"]
    assert not is_alive(process.pid)
    assert not is_alive(child)


def test_children_that_outlived_a_killed_service_are_ended(service: Service) -> None:
    process = start(service, STUBBORN)
    child = int(read_line(service))
    os.kill(process.pid, signal.SIGKILL)
    os.waitpid(process.pid, 0)
    assert is_alive(child)
    assert find_service(service) is None
    assert stop_services([service], seconds=0.5) == ["sleeper"]
    assert not is_alive(child)


def test_a_service_that_ended_is_reported_with_the_end_of_its_log(service: Service) -> None:
    start_service(
        service, [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"], os.environ, cwd=Path("/")
    )
    assert read_line(service) == "no such port"
    deadline = time.monotonic() + 10
    while find_service(service) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(LocalError, match=r"(?s)sleeper has ended.*sleeper\.log:\nno such port"):
        check_service(service)


def test_a_damaged_pid_file_is_no_process(service: Service) -> None:
    service.pid_file.write_text("{")
    assert find_service(service) is None
    assert stop_services([service]) == []


def test_the_log_of_the_start_before_is_kept(service: Service) -> None:
    service.log.write_text("first\n")
    start(service, SLEEP)
    assert service.log.with_suffix(".previous.log").read_text() == "first\n"
    assert service.log.stat().st_mode & 0o777 == 0o600


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(map(str, range(50_000))) + "\n")
    assert read_tail(tmp_path / "log", 2) == "49998\n49999"
    assert read_tail(tmp_path / "none") == "(no log)"
