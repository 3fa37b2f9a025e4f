"""SQL lives in `include/sql`, one statement a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from session_insights.settings import find_include_dir, load_settings


@cache  # reading the settings anew for each file would cost every task a quarter of a second
def sql_dir() -> Path:
    return find_include_dir(load_settings()) / "sql"


@cache
def load_sql(name: str) -> str:
    """The text of `include/sql/<name>.sql`, such as `aggregates/summary`."""
    return (sql_dir() / f"{name}.sql").read_text(encoding="utf-8")


def names_in(folder: str) -> list[str]:
    """The files of a folder without their ending, sorted."""
    return sorted(path.stem for path in (sql_dir() / folder).glob("*.sql"))
