"""All that a sync leaves behind, for comparing two ways to the same rows."""

from __future__ import annotations

from typing import Any

from session_insights.store.database import Connection, execute

TABLES = (
    "transcript_files",
    "claude_sessions",
    "session_messages",
    "session_entries",
    "session_days",
    "session_tools",
    "session_models",
    "day_facts",
)
_WHEN_WRITTEN = frozenset({"read_at", "synced_at", "mtime_ns"})

Dump = dict[str, list[dict[str, Any]]]


def dump_rows(connection: Connection) -> Dump:
    """All rows without the columns that say when they were written; sums of fractions up to their last digits."""
    return {
        table: [
            {name: _rounded(value) for name, value in row.items() if name not in _WHEN_WRITTEN}
            for row in execute(connection, f"select * from insights.{table} order by 1, 2, 3")
        ]
        for table in TABLES
    }


def forget_rows(connection: Connection) -> None:
    """As if nothing had ever been read."""
    execute(connection, "truncate " + ", ".join(f"insights.{table}" for table in TABLES) + " cascade")


def first_difference(left: Dump, right: Dump) -> str | None:
    """In words; None when all is equal."""
    for table in TABLES:
        if len(left[table]) != len(right[table]):
            return f"{table}: {len(left[table])} rows and {len(right[table])}"
        for one, other in zip(left[table], right[table], strict=True):
            differing = {name: (one[name], other[name]) for name in one if one[name] != other[name]}
            if differing:
                return f"{table}: {differing} in {list(one.values())[:2]}"
    return None


def _rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value
