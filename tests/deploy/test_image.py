"""deploy/Dockerfile without an engine: a linter, and the files that it takes."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
COPIED = re.findall(r"^COPY --chmod=755 (.+)$", DOCKERFILE, re.MULTILINE)
SOURCES = [source for line in COPIED for source in line.split()[:-1]]
RULES = [rule for rule in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if rule and not rule.startswith("#")]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a file into the build: the last rule that meets it, or a folder above it, wins."""
    parts = path.split("/")
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    sent = True
    for rule in RULES:
        pattern = rule.removeprefix("!")
        anywhere = pattern.startswith("**/")
        names = [Path(each).name for each in above] if anywhere else above
        if any(fnmatch.fnmatchcase(name, pattern.removeprefix("**/")) for name in names):
            sent = rule.startswith("!")
    return sent


def test_the_linter_of_dockerfiles_has_no_complaint() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("hadolint has no package for this machine")
    done = subprocess.run([program, str(ROOT / "deploy" / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_copied_exists_and_is_sent_to_the_build(source: str) -> None:
    assert (ROOT / source).exists()
    assert is_sent(source)


@pytest.mark.parametrize(
    "path",
    [".env", ".git/config", "tests/conftest.py", "local/run.py", "docker-compose.yaml", "deploy/laptop/ship.py",
     "plugins/session_insights/__pycache__/cli.cpython-311.pyc", "docs/privacy.md", ".venv/bin/python"],
)  # fmt: skip
def test_no_secret_and_nothing_needless_is_sent_to_the_build(path: str) -> None:
    assert not is_sent(path)


def test_whatever_is_copied_can_be_read_by_any_user() -> None:
    assert len(COPIED) == DOCKERFILE.count("\nCOPY ")


def test_the_image_is_pinned_to_the_airflow_of_the_lock_and_ends_as_no_root() -> None:
    [version] = re.findall(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert f"FROM apache/airflow:slim-{version}-python3.11\n" in DOCKERFILE
    assert f"image: session-insights:{version}\n" in (ROOT / "docker-compose.yaml").read_text("utf-8")
    assert DOCKERFILE.rstrip().splitlines()[-1] == "USER 50000"


def test_both_locks_agree_and_celery_is_one_that_the_provider_can_import() -> None:
    def pins(path: str) -> dict[str, str]:
        return dict(
            re.findall(r"^([a-z0-9._-]+)(?:\[\S+\])?==([^\s;]+)", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        )

    base, stack, dev = pins("requirements.txt"), pins("deploy/requirements.txt"), pins("requirements-dev.txt")
    for one, other in ((base, stack), (base, dev), (stack, dev)):
        assert {name: (one[name], other[name]) for name in one.keys() & other.keys() if one[name] != other[name]} == {}
    assert tuple(map(int, stack["celery"].split(".")[:2])) < (5, 7)
    assert {"apache-airflow-providers-celery", "apache-airflow-providers-fab", "redis", "statsd"} <= stack.keys()
