"""What tests of several rooms share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from session_insights.profile import Profile, load_profile
from session_insights.settings import Settings, find_include_dir
from session_insights.stages import extraction, sync
from session_insights.store.database import Connection, execute


def sample_profile() -> Profile:
    return load_profile(find_include_dir(Settings()) / "profile.yaml")


def sync_folder(
    connection: Connection,
    root: Path,
    *,
    machine: str = "laptop",
    processes: int = 1,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Sync a projects root as the command and the DAG do; all counts."""
    files, counts = sync.find_changed(connection, [(machine, root)])
    synced = sync.sync_files(
        connection, files, profile=sample_profile(), settings=settings or Settings(), processes=processes
    )
    return {**counts, **synced}


def read_folder(connection: Connection, root: Path) -> None:
    """Sync a projects root, and read every session of it by rules."""
    sync_folder(connection, root)
    given: dict[str, Any] = {"settings": Settings(reader="offline"), "profile": sample_profile(), "claude": None}
    for session in extraction.select_sessions(connection, {"limit": 100_000}, **given):
        extraction.extract_facets(connection, session.session_id, {}, **given)


def dump_everything(connection: Connection, *, without: str | None = None) -> str:
    """Every row of every table of ours, as text; but for one table, if need be."""
    return "\n".join(rows for table, rows in dump_tables(connection).items() if table != without)


def dump_tables(connection: Connection) -> dict[str, str]:
    """Table → its rows as text."""
    tables = execute(connection, "select tablename from pg_tables where schemaname = 'insights' order by 1")
    return {
        table["tablename"]: "\n".join(
            str(row["line"])
            for row in execute(connection, f"select to_jsonb(t)::text as line from insights.{table['tablename']} as t")
        )
        for table in tables
    }


def find_wrong_facts(connection: Connection) -> list[dict[str, Any]]:
    """Rows of insights.day_facts that are not what they have to be, and those that lack; none without our tables."""
    if connection.execute("select where to_regclass('insights.day_facts') is null").fetchone() is not None:
        return []
    return connection.execute(
        """
        (table insights.day_facts except all table insights.day_facts_now)
        union all
        (table insights.day_facts_now except all table insights.day_facts)
        """
    ).fetchall()
