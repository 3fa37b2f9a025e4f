"""A cluster of its own for the tests of this room: they stop and kill it, which the shared one would not survive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.postgres import Cluster, remove_postgres, start_postgres


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder whose cluster a test may leave running or stopped."""
    folder = tmp_path_factory.mktemp("state")
    yield folder
    remove_postgres(folder)


@pytest.fixture
def cluster(state_dir: Path) -> Cluster:
    """The cluster of that folder, running."""
    return start_postgres(state_dir, durable=False)
