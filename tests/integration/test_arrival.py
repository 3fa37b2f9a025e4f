"""The same files, arriving in any way, leave the rows of one look at all of them."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from session_insights.store.database import Connection
from tests.dumping import Dump, dump_rows, first_difference, forget_rows
from tests.helpers import sync_folder
from tests.integration.corpus import make_corpus


@pytest.fixture(scope="module", params=[1, 2, 7])
def projects(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"), seed=request.param) / "projects"


def files_of(projects: Path) -> list[Path]:
    return sorted(path for path in projects.rglob("*") if path.is_file())


def at_once(connection: Connection, root: Path) -> Dump:
    forget_rows(connection)
    sync_folder(connection, root)
    return dump_rows(connection)


def test_files_in_random_order_leave_the_same_rows(connection: Connection, projects: Path, tmp_path: Path) -> None:
    chance = random.Random(20261122)
    files = files_of(projects)
    chance.shuffle(files)
    for start in range(0, len(files), 20):
        for file in files[start : start + 20]:
            copy = tmp_path / file.relative_to(projects)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        sync_folder(connection, tmp_path)
    rows = dump_rows(connection)
    assert first_difference(rows, at_once(connection, tmp_path)) is None


def test_files_that_grow_in_pieces_leave_the_same_rows(connection: Connection, projects: Path, tmp_path: Path) -> None:
    chance = random.Random(20261123)
    for step in range(1, 5):
        for file in files_of(projects):
            copy = tmp_path / file.relative_to(projects)
            copy.parent.mkdir(parents=True, exist_ok=True)
            written = copy.stat().st_size if copy.exists() else 0
            end = file.stat().st_size if step == 4 else chance.randint(written, file.stat().st_size)
            with file.open("rb") as source, copy.open("ab") as target:
                source.seek(written)
                target.write(source.read(end - written))
        sync_folder(connection, tmp_path)
    rows = dump_rows(connection)
    assert first_difference(rows, at_once(connection, tmp_path)) is None


def test_a_corpus_that_is_read_twice_leaves_the_same_rows(connection: Connection, projects: Path) -> None:
    sync_folder(connection, projects)
    rows = dump_rows(connection)
    assert sync_folder(connection, projects)["read_count"] == 0
    connection.execute("update insights.transcript_files set mtime_ns = 1")
    assert sync_folder(connection, projects)["read_count"] == len(rows["transcript_files"])
    assert first_difference(rows, dump_rows(connection)) is None
