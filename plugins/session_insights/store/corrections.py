"""What people say against a reader: kept as acts, laid over the facet, taken off again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from session_insights.errors import SettingsError
from session_insights.store.database import Connection, execute
from session_insights.store.people import replace_purged_people
from session_insights.store.queries import load_sql
from session_insights.store.searching import refresh_search

Columns = dict[str, Any]  # of `session_facets`


def load_standing(connection: Connection, session_id: str) -> dict[str, Any]:
    """Facet → the value that a person gave it last, without what was taken back; None is their "unknown"."""
    rows = execute(connection, load_sql("facets/standing_corrections"), session_id=session_id)
    return {row["facet"]: row["value"] for row in rows}


def load_all_standing(connection: Connection) -> dict[str, dict[str, Any]]:
    """Session → facet → value, of all sessions that have corrections."""
    found: dict[str, dict[str, Any]] = {}
    for row in execute(connection, load_sql("facets/standing_corrections"), session_id=None):
        found.setdefault(row["session_id"], {})[row["facet"]] = row["value"]
    return found


def load_corrections(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    """All acts on a session, oldest first."""
    return execute(
        connection,
        "select facet, action, value, previous_value, corrected_by, corrected_at, note "
        "from insights.facet_corrections where session_id = %(session_id)s order by id",
        session_id=session_id,
    )


def save_corrections(
    connection: Connection,
    session_id: str,
    values: Mapping[str, Any],
    *,
    undone: Collection[str] = (),
    by: str,
    note: str | None = None,
) -> bool:
    """Keep what a person says of a session and show it, in one transaction.

    Args:
        values: Facet → value, checked already.
        undone: Facets that show again what the reader said.

    Returns:
        Whether the session has been read; if not, its facet takes the corrections on when it is.

    Raises:
        SettingsError: The session is not known, or a facet to undo is not corrected.
    """
    with connection.transaction():
        # A reading of the same session waits here, and the other way round.
        found = execute(
            connection,
            "select 1 from insights.claude_sessions where id = %(session_id)s for no key update",
            session_id=session_id,
        )
        if not found:
            raise SettingsError(f"session {session_id}: not known; run the session sync, or check the id.")
        standing = load_standing(connection, session_id)
        for facet in undone:
            if facet not in standing:
                corrected = ", ".join(standing) or "none"
                raise SettingsError(f"session {session_id}: '{facet}' is not corrected (corrected: {corrected}).")
        rows = execute(
            connection,
            "select * from insights.session_facets where session_id = %(session_id)s",
            session_id=session_id,
        )
        shown = rows[0] if rows else standing
        acts: list[tuple[str, str, Jsonb | None]] = [(facet, "set", Jsonb(value)) for facet, value in values.items()]
        acts += [(facet, "undo", None) for facet in undone]
        for facet, action, value in acts:
            execute(
                connection,
                load_sql("facets/insert_correction"),
                session_id=session_id,
                facet=facet,
                action=action,
                value=value,
                previous_value=Jsonb(shown[facet]) if shown.get(facet) is not None else None,
                corrected_by=by,
                note=note,
            )
        if rows:
            facet_row = lay_over(_as_read(rows[0]), load_standing(connection, session_id))
            execute(connection, load_sql("facets/upsert_facet"), **adapted(facet_row))
        replace_purged_people(connection, [session_id])
        refresh_search(connection, [session_id])
    return bool(rows)


def lay_over(columns: Columns, standing: Mapping[str, Any]) -> Columns:
    """A reader's columns with people's values on top; `corrected` keeps what the reader said, and its evidence.

    A reader's evidence is none for a person's value.
    """
    evidence = dict(columns["evidence"])
    corrected = {
        facet: {"value": columns[facet], "evidence": evidence.pop(facet, [])} for facet in standing if facet in columns
    }
    laid = {facet: standing[facet] for facet in corrected}
    return columns | laid | {"evidence": evidence, "corrected": corrected}


def _as_read(row: Columns) -> Columns:
    """The row as its reader left it."""
    kept = row["corrected"]
    evidence = row["evidence"] | {facet: said["evidence"] for facet, said in kept.items() if said["evidence"]}
    return row | {facet: said["value"] for facet, said in kept.items()} | {"evidence": evidence}


def adapted(columns: Columns) -> Columns:
    """As psycopg takes them."""
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in columns.items()}
