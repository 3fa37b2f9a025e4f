"""Each case is a folder `aggregates/<name>/<case>/` with given, params and expected rows."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from session_insights.aggregates.catalog import find_aggregates
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import Connection
from session_insights.store.figures import load_rows
from session_insights.store.queries import load_sql, names_in
from session_insights.store.together import is_shared, load_together
from session_insights.windows import Window
from tests.sql.given import insert_rows

FOLDER = Path(__file__).parent / "aggregates"
CASES = sorted(path.parent for path in FOLDER.glob("*/*/expect.yaml"))
WINDOW = Window(date(2026, 11, 15), date(2026, 11, 22))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_case_gives_the_rows_it_expects(case: Path, scratch: Connection) -> None:
    insert_rows(scratch, _load(case / "given.yaml") or {})
    params = _load(case / "params.yaml")
    rows = load_rows(scratch, case.parent.name, Window(params["window_start"], params["window_end"]))
    assert rows == _approximately(_expected_rows(_load(case / "expect.yaml")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_aggregates_run_together_give_what_each_gives_alone(case: Path, scratch: Connection) -> None:
    insert_rows(scratch, _load(case / "given.yaml") or {})
    params = _load(case / "params.yaml")
    window = Window(params["window_start"], params["window_end"])
    names = names_in("aggregates")
    alone = {name: load_rows(scratch, name, window) for name in names}
    assert load_together(scratch, names, window) == alone


def test_only_aggregates_of_their_own_window_read_its_sessions_together() -> None:
    apart = [name for name in names_in("aggregates") if not is_shared(name)]
    assert {"people_by_week", "summary_by_week"} <= set(apart)
    assert len(apart) < len(names_in("aggregates")) / 2


def test_every_aggregate_has_a_case() -> None:
    assert sorted({case.parent.name for case in CASES}) == names_in("aggregates")


def test_docs_list_every_aggregate_with_the_columns_it_returns(scratch: Connection) -> None:
    returned = {name: _returned_columns(scratch, name) for name in names_in("aggregates")}
    assert _documented_columns() == returned


def test_every_aggregate_starts_with_what_it_tells() -> None:
    titles = {aggregate.name: aggregate.title for aggregate in find_aggregates()}
    assert sorted(titles) == names_in("aggregates")
    assert titles["outcomes"] == "how the sessions of a window ended."


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _expected_rows(expected: Any) -> list[dict[str, Any]]:
    """A list of rows, or `columns` and `rows` where there are many."""
    if isinstance(expected, dict):
        return [dict(zip(expected["columns"], row, strict=True)) for row in expected["rows"]]
    return expected or []


def _approximately(value: Any) -> Any:
    """Everything exact, numbers with a fraction nearly; YAML's dates as the ISO strings that figures are made of."""
    if isinstance(value, dict):
        return {key: _approximately(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_approximately(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return pytest.approx(value, abs=1e-9) if isinstance(value, float) else value


def _returned_columns(connection: Connection, name: str) -> list[str]:
    values = {"window_start": WINDOW.start, "window_end": WINDOW.end}
    cursor = connection.execute(load_sql(f"aggregates/{name}").encode(), values)
    return [column.name for column in cursor.description or []]


def _documented_columns() -> dict[str, list[str]]:
    """The table of docs/figures.md: words in backquotes, remarks in brackets left out."""
    page = (find_include_dir(Settings()).parent / "docs" / "figures.md").read_text(encoding="utf-8")
    columns: dict[str, list[str]] = {}
    for name, text in re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", page, flags=re.MULTILINE):
        while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
            text = shorter
        quoted = re.findall(r"`([^`]+)`", text)
        columns[name] = [column for part in quoted for column in re.split(r",\s*", part) if column]
    columns["summary_by_week"] = ["week_start", *columns["summary"]]
    columns["summary_by_month"] = ["month_start", *columns["summary"]]
    return columns
