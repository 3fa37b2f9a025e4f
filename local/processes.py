"""Background processes that outlive the command that started them, known by their pid files."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.state import LocalError, write_private_file

# The clock of the machine may be set between two looks at the same process.
START_TIME_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True)
class Service:
    """One background process: what it is called and where it leaves its traces."""

    name: str
    pid_file: Path  # {"pid": …, "started_at": …}: a number alone may belong to another program by now
    log: Path


def start_service(service: Service, command: Sequence[str], environment: Mapping[str, str], *, cwd: Path) -> None:
    """Start a process in a session of its own, so that it survives this terminal; output goes to its log."""
    if service.log.exists():
        # The log of the start before is worth a look after a crash; older ones are not.
        service.log.replace(service.log.with_suffix(".previous.log"))
    with os.fdopen(os.open(service.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with contextlib.suppress(psutil.NoSuchProcess):
        started_at = psutil.Process(process.pid).create_time()
        write_private_file(service.pid_file, json.dumps({"pid": process.pid, "started_at": started_at}) + "\n")


def find_service(service: Service) -> psutil.Process | None:
    """Return the running process of a service; None if it ended, also if its number is another program's now."""
    kept = _read_pid_file(service)
    if kept is None:
        return None
    try:
        process = psutil.Process(kept[0])
        same = abs(process.create_time() - kept[1]) <= START_TIME_TOLERANCE_SECONDS
        return process if same and _is_alive(process) else None
    except psutil.Error:
        return None


def check_service(service: Service) -> None:
    """Raise with the end of its log if a service is not running.

    Raises:
        LocalError: It has ended.
    """
    if find_service(service) is None:
        raise LocalError(f"{service.name} has ended. The last lines of {service.log}:\n{read_tail(service.log)}")


def stop_services(services: Sequence[Service], *, seconds: float = 20) -> list[str]:
    """End services and all that they started: asked first, by force after a while; returns the names of those ended."""
    families = {service.name: _find_family(service) for service in services}
    leaders = [process for service in services if (process := find_service(service)) is not None]
    for process in leaders or [each for family in families.values() for each in family]:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _wait_for_end(leaders, seconds)
    # Whoever was started meanwhile, or did not go with its parent, goes now.
    everybody = {*(each for family in families.values() for each in family)}
    everybody.update(each for service in services for each in _find_family(service))
    remaining = [process for process in everybody if _is_alive(process)]
    for process in remaining:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _wait_for_end(remaining, 10)
    if stubborn := [process.pid for process in remaining if _is_alive(process)]:
        raise LocalError(f"processes {stubborn} cannot be ended; end them by hand")
    for service in services:
        service.pid_file.unlink(missing_ok=True)
    return [name for name, family in families.items() if family]


def read_tail(log: Path, lines: int = 20) -> str:
    """Return the last lines of a log."""
    if not log.exists():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64_000))
        return "\n".join(file.read().decode(errors="replace").rstrip().splitlines()[-lines:])


def _read_pid_file(service: Service) -> tuple[int, float] | None:
    try:
        kept = json.loads(service.pid_file.read_text())
        return int(kept["pid"]), float(kept["started_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _find_family(service: Service) -> list[psutil.Process]:
    """Find the process of a service, its descendants, and orphans of its session if it was killed."""
    kept = _read_pid_file(service)
    if kept is None:
        return []
    leader = find_service(service)
    if leader is None and psutil.pid_exists(kept[0]):
        with contextlib.suppress(psutil.Error):
            # The number was given to another program, which the system does only once the old session is empty.
            if psutil.Process(kept[0]).status() != psutil.STATUS_ZOMBIE:
                return []
    family = [] if leader is None else [leader]
    with contextlib.suppress(psutil.Error):
        family += [] if leader is None else leader.children(recursive=True)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            in_session = os.getsid(process.pid) == kept[0] and process.create_time() >= kept[1] - 2
            if in_session and process not in family and _is_alive(process):
                family.append(process)
    return family


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait_for_end(processes: Sequence[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
