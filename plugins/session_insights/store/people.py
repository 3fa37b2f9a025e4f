"""Names of people who were purged: out of what is stored, now and later."""

from __future__ import annotations

import re

from session_insights.store.database import Connection, execute

_COLUMNS = {
    "session_entries": ("session_id", ("text",), ()),
    "claude_sessions": ("id", ("title",), ()),
    "session_facets": (
        "session_id",
        ("underlying_goal", "friction_detail", "brief_summary", "primary_success", "pivot_trigger"),
        ("people_mentioned", "relationship_actions", "projects", "completion_chain", "corrected"),
    ),
    "facet_corrections": ("session_id", ("corrected_by", "note"), ("value", "previous_value")),
}


def replace_purged_people(connection: Connection, session_ids: list[str]) -> None:
    """Put `[person]` for every purged name in what these sessions have; in the transaction that wrote it."""
    for row in execute(connection, "select name from insights.purged_people order by length(name) desc, name"):
        replace_name(connection, row["name"], session_ids)


def remember_name(connection: Connection, name: str) -> None:
    """From now on what is stored goes without this name."""
    execute(connection, "insert into insights.purged_people (name) values (%(name)s) on conflict do nothing", name=name)


def replace_name(connection: Connection, name: str, session_ids: list[str]) -> None:
    for table, (key, texts, lists) in _COLUMNS.items():
        sets = [f"{column} = regexp_replace({column}, %(name)s, '[person]', 'gi')" for column in texts]
        sets += [f"{column} = regexp_replace({column}::text, %(name)s, '[person]', 'gi')::jsonb" for column in lists]
        said = " or ".join(f"{column}::text ~* %(name)s" for column in (*texts, *lists))
        execute(
            connection,
            f"update insights.{table} set {', '.join(sets)} where {key} = any(%(ids)s) and ({said})",  # noqa: S608
            name=name_pattern(name),
            ids=session_ids,
        )


def name_pattern(name: str) -> str:
    """The name as a word, for Postgres."""
    return rf"\m{re.escape(name)}\M"
