"""The state folder: private, locked, its secrets made once."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from local.state import (
    LocalError,
    find_free_port,
    hold_lock,
    is_port_free,
    load_or_make_secret,
    make_private_folder,
    write_private_file,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_was_open_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True, mode=0o755)
    assert mode(make_private_folder(folder)) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="file/state cannot be made private"):
        make_private_folder(tmp_path / "file" / "state")


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = load_or_make_secret(tmp_path / "secret")
    assert len(first) >= 24
    assert load_or_make_secret(tmp_path / "secret") == first
    assert mode(tmp_path / "secret") == 0o600


def test_a_secret_that_was_left_open_or_empty_is_put_right(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("kept\n")
    (tmp_path / "secret").chmod(0o644)
    assert load_or_make_secret(tmp_path / "secret") == "kept"
    assert mode(tmp_path / "secret") == 0o600
    (tmp_path / "secret").write_text("")
    assert load_or_make_secret(tmp_path / "secret") != ""


def test_a_private_file_replaces_an_open_one_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    write_private_file(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert mode(tmp_path / "file") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_taken_port_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert not is_port_free(taken)
        assert find_free_port(taken) != taken


def test_a_second_command_is_told_that_the_first_is_at_work(tmp_path: Path) -> None:
    other = "import sys, time; from pathlib import Path; from local.state import hold_lock\n"
    other += "with hold_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", other, str(tmp_path / "lock")], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LocalError, match="at work"), hold_lock(tmp_path / "lock", busy="another is at work"):
            pass
        holder.kill()
    # The lock ended with its holder.
    with hold_lock(tmp_path / "lock", busy="another is at work"):
        pass
