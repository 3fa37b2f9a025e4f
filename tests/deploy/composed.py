"""docker-compose.yaml as Compose resolves it, and its services as processes of this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "docker-compose.yaml"
VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^${}]*))?\}")


class Unset(Exception):
    """A variable that has to be set is not."""


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Replace `${X}`, `${X:-default}` and `${X:?message}`, also nested; `$$` is a dollar."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if kind == ":?" and not variables.get(name):
            raise Unset(f"{name}: {rest}")
        return variables.get(name) or (rest if kind == ":-" else "")

    text = text.replace("$$", "\0")
    while (replaced := VARIABLE.sub(value, text)) != text:
        text = replaced
    assert "$" not in text, text
    return text.replace("\0", "$")


def resolve(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: resolve(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [resolve(value, variables) for value in node]
    return interpolate(node, variables) if isinstance(node, str) else node


def load_services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Each service with its variables in place; what is only handed on is left out where it is not set."""
    services: dict[str, dict[str, Any]] = resolve(yaml.safe_load(FILE.read_text("utf-8"))["services"], variables)
    for service in services.values():
        given = service.get("environment", {})
        service["environment"] = {
            name: variables[name] if value is None else str(value)
            for name, value in given.items()
            if value is not None or name in variables
        }
    return services


def make_env(path: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/home/alex"}
    command = ["sh", str(ROOT / "deploy" / "make-env.sh"), str(path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def read_env(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@dataclass
class Stack:
    """Services as processes: container paths are folders below `home`, services' names are ports of 127.0.0.1."""

    services: dict[str, dict[str, Any]]
    home: Path
    ports: dict[str, int]  # of a service
    programs: list[Path]  # folders before those of PATH
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def adapt(self, text: str, instance: str, service: dict[str, Any]) -> str:
        """Addresses and paths of a container as those of this machine."""
        for name, inside in (("postgres", 5432), ("redis", 6379), ("api-server", 8080)):
            for mark in ("@", "//"):
                text = text.replace(f"{mark}{name}:{inside}", f"{mark}127.0.0.1:{self.ports[name]}")
        text = text.replace("redis-server -", f"redis-server - --bind 127.0.0.1 --port {self.ports['redis']}")
        text = text.replace("redis-cli", f"redis-cli -p {self.ports['redis']}")
        for inside, outside in sorted(self.mounts(instance, service).items(), reverse=True):
            text = re.sub(rf"(?<![\w/.-]){re.escape(inside)}(?![\w-])", str(outside), text)
        return text

    def mounts(self, instance: str, service: dict[str, Any]) -> dict[str, Path]:
        found = {
            "/opt/session-insights": ROOT,
            "/opt/airflow": self.home / instance,
            "/home/airflow": self.home / instance,
        }
        for volume in service.get("volumes", []):
            if isinstance(volume, dict):
                found[volume["target"]] = ROOT / volume["source"]
            else:
                name, target = volume.split(":")
                found[target] = self.home / "volumes" / name
        return found

    def environment(self, instance: str, service: dict[str, Any]) -> dict[str, str]:
        given = {name: self.adapt(value, instance, service) for name, value in service["environment"].items()}
        path = ":".join([*map(str, self.programs), os.environ["PATH"]])
        outside = {
            "PATH": path,
            "HOSTNAME": instance,
            "PGPORT": str(self.ports["postgres"]),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.ports["api-server"]),
        }
        return {"HOME": str(self.home / instance), **given, **outside}

    def start(self, name: str, number: int = 1) -> subprocess.Popen[bytes]:
        """Start one instance of a service."""
        service, instance = self.services[name], f"{name}-{number}"
        for folder in self.mounts(instance, service).values():
            if not folder.exists():
                folder.mkdir(parents=True)
        command = [*service.get("entrypoint", []), *service.get("command", [])]
        with (self.home / f"{instance}.log").open("ab") as log:
            process = subprocess.Popen(
                [self.adapt(part, instance, service) for part in command],
                env=self.environment(instance, service),
                cwd=self.home / instance,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running[instance] = process
        return process

    def is_healthy(self, name: str, number: int = 1) -> bool:
        """Run the service's own health check once."""
        service, instance = self.services[name], f"{name}-{number}"
        check = service["healthcheck"]
        kind, *command = [self.adapt(part, instance, service) for part in check["test"]]
        done = subprocess.run(
            ["sh", "-c", *command] if kind == "CMD-SHELL" else command,
            env=self.environment(instance, service),
            capture_output=True,
            timeout=seconds(check["timeout"]) * 3,  # this machine is busier than a host
            check=False,
        )
        return done.returncode == 0

    def wait_until_healthy(self, name: str, number: int = 1) -> None:
        check = self.services[name]["healthcheck"]
        deadline = time.monotonic() + seconds(check["start_period"]) + check["retries"] * seconds(check["interval"])
        while not self.is_healthy(name, number):
            process = self.running.get(f"{name}-{number}")
            assert process is None or process.poll() is None, f"{name} ended:\n{self.log(f'{name}-{number}')[-3000:]}"
            assert time.monotonic() < deadline, f"{name} is not healthy:\n{self.log(f'{name}-{number}')[-3000:]}"
            time.sleep(1)

    def log(self, instance: str) -> str:
        return (self.home / f"{instance}.log").read_text("utf-8", errors="replace")

    def stop(self, *instances: str) -> None:
        """End these instances, or everything that was started here, in reverse order."""
        ending = [self.running.pop(instance) for instance in reversed(instances or tuple(self.running))]
        for process in ending:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in ending:
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            # Also what a service left behind in its group.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def program_folders() -> list[Path]:
    from local.postgres_home import find_binaries

    return [Path(sys.executable).parent, find_binaries()]
