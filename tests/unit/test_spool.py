"""Pieces that wait in a file: all of them, in order, and no file is left."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import pytest

from session_insights.spool import Spool


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def filled(*, memory_bytes: int) -> Spool[bytes]:
    spool: Spool[bytes] = Spool(memory_bytes=memory_bytes)
    for number in range(10):
        spool.append(b"%d" % number, 1)
    return spool


@pytest.mark.parametrize(("memory_bytes", "files"), [(0, 1), (4, 1), (10, 0)])
def test_pieces_come_back_in_order_as_often_as_wanted(folder: Path, memory_bytes: int, files: int) -> None:
    spool = filled(memory_bytes=memory_bytes)
    assert len(list(folder.iterdir())) == files
    for _ in range(2):
        assert list(spool) == [b"%d" % number for number in range(10)]


def test_the_file_is_its_users_alone_and_goes_with_its_spool(folder: Path) -> None:
    spool = filled(memory_bytes=3)
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    del spool
    assert list(folder.iterdir()) == []


def test_a_spool_that_was_given_away_leaves_its_file_to_the_copy(folder: Path) -> None:
    spool = filled(memory_bytes=3)
    given = pickle.dumps(spool)
    del spool
    copy: Spool[bytes] = pickle.loads(given)
    assert list(copy) == [b"%d" % number for number in range(10)]
    del copy
    assert list(folder.iterdir()) == []
