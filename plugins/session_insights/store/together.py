"""Many aggregates of one window in one statement, so that its sessions and their facets are read once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from session_insights.records import Rows
from session_insights.store.database import Connection, execute_prepared
from session_insights.store.figures import load_rows
from session_insights.store.queries import load_sql
from session_insights.windows import Window

# What an aggregate says → what holds the same rows, read once.
_FACTS, _KEPT_FACTS = "insights.window_facts(%(window_start)s, %(window_end)s)", "kept_facts"
_KEPT = f"with {_KEPT_FACTS} as materialized (select * from {_FACTS})\n"  # noqa: S608


def load_together(connection: Connection, names: Sequence[str], window: Window) -> dict[str, Rows]:
    """The rows of many aggregates, each the same as `figures.load_rows` gives."""
    shared = [name for name in names if is_shared(name)]
    found = {name: load_rows(connection, name, window) for name in names if name not in shared}
    if shared:
        values = {"window_start": window.start, "window_end": window.end}
        rows = execute_prepared(connection, _KEPT + "\nunion all\n".join(map(_build_part, shared)), **values)
        found |= {row["name"]: [_read_row(text) for text in row["texts"]] for row in rows}
    return {name: found[name] for name in names}


def is_shared(name: str) -> bool:
    """Whether an aggregate reads sessions of its own window, and of no other."""
    text = load_sql(f"aggregates/{name}")
    return _FACTS in text and text.count("insights.window_facts(") == text.count(_FACTS)


def _build_part(name: str) -> str:
    text = load_sql(f"aggregates/{name}").replace(_FACTS, _KEPT_FACTS)
    # The name is that of a file of ours.
    return f"select '{name}' as name, array(select to_json(found)::text from (\n{text}\n) as found) as texts"  # noqa: S608


def _read_row(text: str) -> dict[str, Any]:
    # A number without a fraction is a whole one, as in `load_rows`.
    row: dict[str, Any] = json.loads(text, parse_float=_read_number)
    return row


def _read_number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number
