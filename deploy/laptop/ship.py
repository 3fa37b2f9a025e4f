#!/usr/bin/env python3
"""Send transcripts from a laptop to Session Insights: all of them by a timer, one of them when its session ends.

    ship.py --all     what is new in ~/.claude/projects; for a timer
    ship.py --hook    Claude Code's SessionEnd hook: sends that session, then has it read at once

Needs Python 3.9 and rsync or the aws command. It reads ~/.config/session-insights/laptop.json (mode 0600) and writes
laptop.log beside it. The hook hands its work to a process of its own and ends at once with 0,
whatever happens: it never holds Claude Code up. Nothing is ever deleted where transcripts are sent to.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

HOME = Path(os.environ.get("SESSION_INSIGHTS_LAPTOP", "~/.config/session-insights")).expanduser()
LONGEST_SECONDS = 300
MOST_INPUT = 1_000_000
log = logging.getLogger("ship")


def main(arguments: list[str]) -> int:
    """Run one mode; 0 unless `--all` failed."""
    if arguments == ["--hook"]:
        try:
            hand_over()
        except BaseException:
            open_log().exception("The hook could not start its work.")
        return 0
    if arguments not in (["--all"], ["--session"]):
        print(__doc__, file=sys.stderr)
        return 2
    open_log()
    try:
        if arguments == ["--session"] and hasattr(signal, "alarm"):
            signal.signal(signal.SIGALRM, give_up)
            signal.alarm(LONGEST_SECONDS)
        if arguments == ["--all"]:
            send_all(load_config())
        else:
            send_session(load_config(), json.loads(sys.stdin.read(MOST_INPUT)))
    except Exception as error:
        log.error("%s: %s", type(error).__name__, error)
        if arguments == ["--all"]:
            print(f"ship.py: {error}", file=sys.stderr)
        return 1
    return 0


def give_up(*_: object) -> None:
    raise TimeoutError(f"not done within {LONGEST_SECONDS} seconds; the timer sends it later")


def hand_over() -> None:
    """Start the work as a process of its own, which outlives Claude Code, and give it what the hook was told."""
    told = sys.stdin.buffer.read(MOST_INPUT)
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), "--session"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    if process.stdin is not None:
        process.stdin.write(told)
        process.stdin.close()


def load_config() -> dict[str, str]:
    """`target`, and for the hook `airflow`, `user`, `password`, `machine`; `projects` if they lie elsewhere."""
    path = HOME / "laptop.json"
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others: chmod 600 {path}")
    config: dict[str, str] = json.loads(path.read_text("utf-8"))
    if missing := [name for name in ("target", "machine") if not config.get(name)]:
        raise KeyError(f"{path} lacks {', '.join(missing)}")
    return config


def projects_of(config: dict[str, str]) -> Path:
    claude = os.environ.get("CLAUDE_CONFIG_DIR", "~/.claude").split(",")[0]
    return Path(config.get("projects", f"{claude}/projects")).expanduser().resolve()


def send_all(config: dict[str, str]) -> None:
    """Send what is new or has grown."""
    projects, target = projects_of(config), config["target"].rstrip("/")
    if target.startswith("s3://"):
        run("aws", "s3", "sync", "--only-show-errors", "--no-follow-symlinks", f"{projects}/", f"{target}/")
    else:
        run("rsync", "--archive", "--no-links", f"{projects}/", f"{target}/")
    log.info("Sent what was new in %s.", projects)


def send_session(config: dict[str, str], told: dict[str, str]) -> None:
    """Send one session with its sub-agents and have it read."""
    projects, target = projects_of(config), config["target"].rstrip("/")
    file = Path(told["transcript_path"]).expanduser().resolve()
    if file.parent.parent != projects or file.suffix != ".jsonl" or not file.is_file():
        raise ValueError(f"{file} is no session of {projects}")
    project, folder = file.parent.name, file.with_suffix("")
    if target.startswith("s3://"):
        run("aws", "s3", "cp", "--only-show-errors", str(file), f"{target}/{project}/{file.name}")
        if folder.is_dir():
            run(
                "aws", "s3", "sync", "--only-show-errors", "--no-follow-symlinks", str(folder),
                f"{target}/{project}/{folder.name}",
            )  # fmt: skip
    else:
        parts = [str(file), *([str(folder)] if folder.is_dir() else [])]
        run("rsync", "--archive", "--no-links", *parts, f"{target}/{project}/")
    log.info("Sent %s.", file.name)
    if config.get("airflow"):
        ask_for_reading(config, f"{project}/{file.name}")


def ask_for_reading(config: dict[str, str], transcript: str) -> None:
    """Trigger `insights_session_ended` by Airflow's REST API."""
    airflow = config["airflow"].rstrip("/")
    address = urlsplit(airflow)
    is_here = address.scheme == "http" and address.hostname in ("127.0.0.1", "::1", "localhost")
    if address.scheme != "https" and not is_here:
        raise ValueError(f"{airflow} would send the password in the clear: give an https address")
    token = post(f"{airflow}/auth/token", {"username": config["user"], "password": config["password"]})["access_token"]
    made = post(
        f"{airflow}/api/v2/dags/insights_session_ended/dagRuns",
        {"logical_date": None, "conf": {"transcript": transcript, "machine": config["machine"]}},
        token,
    )
    log.info("Asked for %s: %s.", transcript, made["dag_run_id"])


def post(url: str, body: dict[str, object], token: str | None = None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=20) as answer:
        found: dict[str, str] = json.load(answer)
        return found


def run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {said[-1] if said else 'it said nothing'}")


def open_log() -> logging.Logger:
    """A log of at most two megabytes; none where it cannot be written."""
    try:
        HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(HOME / "laptop.log", maxBytes=1_000_000, backupCount=1)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
