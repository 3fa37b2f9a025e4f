"""The repository has no secret in it, and each package it needs is pinned and accounted for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from local.dependencies import LISTS, PAGE, ROOT, WHY, direct_names, pinned_versions, render_page
from session_insights.transcripts.redaction import mask_secrets
from session_insights.transcripts.secret_forms import FORMS
from tests.planted_secrets import TOKENS

# Invented ones, and what they are there for.
PLANTED = {
    "README.md": "how a connection is given to Airflow",
    "local/demo/stories/90_last_full_week.txt": "the demo shows that secrets are masked",
    "benchmarks/gen_corpus.py": "the corpus has a marked one",
    "tests/local/test_demo.py": "looks for the demo's",
    "tests/planted_secrets.py": "what the masking rules are tested on",
}
# The form of an address, in messages and examples.
EXAMPLES = (
    "postgresql://user:password@host",
    "postgresql://session_insights_reader:password@host",
    "postgresql://session_insights_app:password@host",
    "postgresql://session_insights_owner:password@host",
)
# What stands for a value: a variable of Compose, an ellipsis, the key of a secret that is kept elsewhere.
NO_VALUE = re.compile(r"\$?\$\{?[A-Z_]+(?::[?-][^}]*)?\}?|…|secretKey: [a-z0-9-]+")
# Come with Airflow, whose version is ours to pin; their own would be in its way.
OF_AIRFLOW = {"fastapi", "starlette", "pydantic", "pendulum", "markupsafe"}
# Come with what needs them: boto3, the Anthropic SDK.
OF_OTHERS = {"botocore", "httpx2"}


def tracked_texts() -> dict[str, str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no clone: git does not know these files")
    found = {}
    for name in done.stdout.split("\0")[:-1]:
        path = ROOT / name
        if path.is_file():
            found[name] = path.read_text(encoding="utf-8", errors="replace")
    return found


def find_secrets(name: str, text: str) -> list[int]:
    """Numbers of the lines with one. In a test only tokens of a known form count: its passwords open nothing."""
    for example in EXAMPLES:
        text = text.replace(example, "")
    text = NO_VALUE.sub("", text)
    masked = text
    if name.startswith("tests/"):
        for literal, form in FORMS:
            masked = form.sub("[secret]", masked) if literal in masked else masked
    else:
        masked = mask_secrets(text)
    if masked == text:
        return []
    pairs = zip(text.splitlines(), masked.splitlines(), strict=False)
    return [number for number, (one, other) in enumerate(pairs, 1) if one != other] or [0]


def test_no_tracked_file_has_a_secret() -> None:
    found = {name: lines for name, text in tracked_texts().items() if (lines := find_secrets(name, text))}
    unexpected = {name: lines for name, lines in found.items() if name not in PLANTED}
    assert not unexpected, f"take them out, or name the file in PLANTED if they are invented: {unexpected}"
    assert not set(PLANTED) - set(found), "PLANTED names a file that has none any more"


@pytest.mark.parametrize("name", ["docs/page.md", "tests/test_page.py"])
def test_the_scan_finds_a_token_wherever_it_stands(name: str) -> None:
    assert find_secrets(name, f"first line\nkey = {TOKENS['github personal']}\n") == [2]
    assert find_secrets("docs/page.md", "password: correct-horse-9\n") == [1]


def test_no_private_state_is_tracked() -> None:
    names = tracked_texts()
    assert not [name for name in names if Path(name).name in (".env", "password", "cluster.json", "airflow.cfg")]
    assert not [name for name in names if Path(name).suffix in (".pem", ".key", ".p12", ".zst", ".pid")]


def test_the_page_of_dependencies_is_what_is_pinned() -> None:
    for listing in LISTS:
        names = direct_names(listing)
        assert names
        assert not [name for name in names if name not in WHY], "say in local/dependencies.py what it is for"
        assert not [name for name in names if name not in pinned_versions(listing)], "run `make lock`"
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run `.venv/bin/python -m local.dependencies`"


def test_what_is_imported_is_asked_for() -> None:
    asked = {name.partition("[")[0] for name in direct_names("requirements")}
    ours = {"session_insights", "local"} | OF_AIRFLOW | OF_OTHERS
    providers = packages_distributions()
    missing: dict[str, str] = {}
    for folder in ("plugins", "dags", "local"):
        for path in (ROOT / folder).rglob("*.py"):
            for module in _imported(path):
                known = {name.lower().replace("_", "-") for name in providers.get(module, [])}
                if module not in sys.stdlib_module_names and module not in ours and not known & asked:
                    missing[module] = str(path.relative_to(ROOT))
    # Types alone: nothing of it is imported when the program runs.
    missing.pop("types_boto3_s3", None)
    assert missing == {}


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found
