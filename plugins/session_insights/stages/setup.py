"""What a run needs: tables, sources, a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from session_insights.bucket import Bucket, ClientMaker, environment_client
from session_insights.errors import SettingsError
from session_insights.facets.reading import choose_reader
from session_insights.llm.claude import ClaudeConnection
from session_insights.llm.command import ClaudeCommand
from session_insights.locations import Location, S3Address
from session_insights.profile import Profile, load_profile
from session_insights.settings import Settings, Source, find_include_dir, find_profile_path, load_settings
from session_insights.store.database import Connection, connect, execute
from session_insights.store.migrations import migrate as apply_migrations
from session_insights.store.migrations import pending_migrations
from session_insights.store.viewing import is_applied, limit_readers, renew_rules


def migrate(connection: Connection, settings: Settings) -> list[str]:
    """Create or update the tables, and apply who may see what; names of the migrations applied."""
    applied = apply_migrations(connection, find_include_dir(settings) / "sql" / "migrations")
    if applied:
        renew_rules(connection)
    if settings.team_group_size is not None:
        rules = load_profile(find_profile_path(settings)).team, settings.team_group_size
        if not is_applied(connection, *rules):
            limit_readers(connection, *rules)
    return applied


def find_pending(url: str | None) -> list[str]:
    """Names of the migrations that the tables behind a URL lack."""
    with connect(url) as connection:
        return pending_migrations(connection, find_include_dir(load_settings()) / "sql" / "migrations")


def check_workplace(
    connection: Connection,
    sources: list[Source],
    *,
    settings: Settings,
    profile: Profile,
    claude: ClaudeConnection | None,
    s3: ClientMaker = environment_client,
) -> dict[str, Any]:
    """What a run would work with.

    Raises:
        SettingsError: There is nothing to read or no command to read it with, or the server is too old.
    """
    missing = [str(path) for _, path in sources if isinstance(path, Path) and not path.is_dir()]
    if missing or not sources:
        raise SettingsError(
            f"No transcripts: {', '.join(missing) or '~/.claude/projects'} is no folder; see SESSION_INSIGHTS_SOURCES."
        )
    _check_buckets(sources, settings, s3)
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


def _check_buckets(sources: list[Source], settings: Settings, s3: ClientMaker) -> None:
    """Each bucket can be listed, and a source has something."""
    used: list[tuple[Location | None, str]] = [(address, "SESSION_INSIGHTS_SOURCES") for _, address in sources]
    used += [
        (settings.archive, "SESSION_INSIGHTS_ARCHIVE"),
        (settings.reports_upload, "SESSION_INSIGHTS_REPORTS_UPLOAD"),
    ]
    for address, setting in used:
        if isinstance(address, S3Address):
            first = next(Bucket(s3(), address, setting).list(), None)
            if first is None and setting == "SESSION_INSIGHTS_SOURCES":
                raise SettingsError(f"Nothing is below {address}: copy a projects folder there, or correct the prefix.")
