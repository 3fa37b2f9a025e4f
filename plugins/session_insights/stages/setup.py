"""What a run needs: tables, sources, a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from session_insights.errors import SettingsError
from session_insights.facets.reading import choose_reader
from session_insights.llm.claude import ClaudeConnection
from session_insights.llm.command import ClaudeCommand
from session_insights.profile import Profile
from session_insights.settings import Settings, find_include_dir
from session_insights.store.database import Connection, execute
from session_insights.store.migrations import migrate as apply_migrations


def migrate(connection: Connection, settings: Settings) -> list[str]:
    """Create or update the tables; names of the migrations applied."""
    return apply_migrations(connection, find_include_dir(settings) / "sql" / "migrations")


def check_workplace(
    connection: Connection,
    sources: list[tuple[str, Path]],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
) -> dict[str, Any]:
    """What a run would work with.

    Raises:
        SettingsError: There is nothing to read or no command to read it with, or the server is too old.
    """
    missing = [str(path) for _, path in sources if not path.is_dir()]
    if missing or not sources:
        raise SettingsError(
            f"No transcripts: {', '.join(missing) or '~/.claude/projects'} is no folder; see SESSION_INSIGHTS_SOURCES."
        )
    [server] = execute(connection, "select current_setting('server_version_num')::int / 10000 as major")
    if server["major"] < 15:
        raise SettingsError(f"Postgres {server['major']} is too old: 15 or newer is needed.")
    reader = choose_reader(settings.reader, has_claude=claude is not None)
    if reader == "cli":
        ClaudeCommand(settings.claude_command).find()
    return {
        "postgres": server["major"],
        "sources": [f"{machine}={path}" for machine, path in sources],
        "reader": reader,
        "businesses": len(profile.businesses),
        "skills": len(profile.skills),
    }
