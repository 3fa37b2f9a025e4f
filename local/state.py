"""The state folder: private folders, private files, locks and ports of one installation on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


class LocalError(Exception):
    """Something on this machine stands in the way; the message names it and the remedy."""


def make_private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter (mode 0700), also if it was there with a wider mode."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise LocalError(f"folder {path} cannot be made private: {error.strerror}; choose another folder") from error
    return path


def write_private_file(path: Path, text: str) -> None:
    """Write a file that only its owner can read (mode 0600), all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def load_or_make_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    """Return the secret kept in a file; make and keep it the first time."""
    if path.exists():
        path.chmod(0o600)
        if kept := path.read_text(encoding="utf-8").strip():
            return kept
    secret = make()
    write_private_file(path, secret + "\n")
    return secret


def is_port_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1 at this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without it, a port is refused for a minute after the last server on it has gone.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free_port(preferred: int) -> int:
    """Return the preferred port, else the next free one above it, else any free one."""
    return next(filter(is_port_free, range(preferred, min(preferred + 50, 65536))), None) or _find_any_port()


def _find_any_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def claim_port(preferred: Iterable[int]) -> Iterator[int]:
    """Find a free port that nobody else finds here while the block runs; a server should listen there by its end.

    A claim is a socket bound 1,000 ports below: other users meet it too, and it ends with its process in any case.

    Args:
        preferred: The first free one of these is taken, else any.
    """
    with contextlib.ExitStack() as claims:

        def claim(port: int) -> bool:
            held = claims.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                held.bind(("127.0.0.1", port - 1000))
            except OSError:
                return False
            # After the claim, not before: whoever gave one up listens by now.
            return is_port_free(port)

        yield next(filter(claim, preferred), None) or _find_any_port()


@contextlib.contextmanager
def hold_lock(path: Path, *, busy: str | None = None) -> Iterator[None]:
    """Keep other processes out for as long as the block runs; the lock ends with the process in any case.

    Raises:
        LocalError: Another process holds the lock and `busy` was given as the message; without it we wait.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError as error:
            raise LocalError(str(busy)) from error
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
