"""Knobs, read from `SESSION_INSIGHTS_*`. Secrets are Airflow Connections, a run's choices are DAG params."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from session_insights.errors import SettingsError

Reader = Literal["auto", "claude", "offline"]


class Settings(BaseSettings):
    """Every knob with its unit and bounds; `.env.example` and README list the same names."""

    model_config = SettingsConfigDict(env_prefix="SESSION_INSIGHTS_", extra="ignore")

    # PostgreSQL for everything of ours, as a URL; in Airflow the connection `session_insights_db` serves instead.
    database_url: str | None = None
    # Where transcripts are: comma list of `path` or `machine=path`; empty means Claude Code's own folders.
    sources: str = ""
    # The user's own words.
    profile: Path | None = None
    # Where SQL, prompts and templates are; empty means looked up beside the package.
    include_dir: Path | None = None
    # Where reports are written.
    reports_dir: Path = Path("reports")
    # Where raw transcripts are kept compressed, unmasked; empty means they are not kept.
    archive_dir: Path | None = None
    # Who reads sessions; auto means claude when a connection is there, else offline.
    reader: Reader = "auto"
    facet_model: str = "claude-haiku-5-5"
    narrative_model: str = "claude-sonnet-5-5"
    # A session is read when it has been quiet for this many minutes.
    quiet_minutes: int = Field(default=10, ge=0, le=1440)
    # Sessions read in one run, one mapped task each.
    facet_limit: int = Field(default=20, ge=1, le=200)
    # Tries on a session before it waits for somebody to clear its task.
    facet_attempts: int = Field(default=3, ge=1, le=10)
    # Transcript tokens that one facet request may carry, counted as 4 characters a token.
    facet_budget_tokens: int = Field(default=60_000, ge=1_000, le=180_000)
    # Characters kept of one prompt or reply; of a tool's output a quarter of it.
    entry_characters: int = Field(default=8_000, ge=200, le=100_000)
    # Airflow Connections that messages go out by; one that is not there is passed over, an empty name switches it off.
    slack_connection: str = "slack_default"
    discord_connection: str = "discord_default"
    # A run that read so many sessions says so.
    large_batch_sessions: int = Field(default=50, ge=1, le=100_000)
    # Processes that read transcripts side by side; 0 means one a core.
    sync_processes: int = Field(default=0, ge=0, le=64)

    @field_validator("archive_dir", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: A value is out of bounds; the message names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "SESSION_INSIGHTS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']} (given: {first.get('input')!r}); see .env.example") from None


def find_include_dir(settings: Settings) -> Path:
    """SQL, prompts and templates: by setting, beside `plugins/`, below `dags/`, else in the package."""
    package = Path(__file__).resolve().parent
    candidates = [package.parent.parent / "include", package.parent.parent / "dags" / "include", package / "include"]
    if settings.include_dir is not None:
        candidates = [settings.include_dir]
    for candidate in candidates:
        if (candidate / "sql" / "migrations").is_dir():
            return candidate
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise SettingsError(f"No include folder with sql/migrations in {looked}; set SESSION_INSIGHTS_INCLUDE_DIR.")


def find_profile_path(settings: Settings) -> Path:
    return settings.profile if settings.profile is not None else find_include_dir(settings) / "profile.yaml"


def find_sources(settings: Settings) -> list[tuple[str, Path]]:
    """Roots with transcripts, as (machine, path), most specific setting first.

    Source: transcript-format §1: `CLAUDE_CONFIG_DIR` replaces `~/.claude` and may be a comma list.
    """
    if settings.sources.strip():
        return [parse_source(part.strip()) for part in settings.sources.split(",") if part.strip()]
    return [(socket.gethostname(), home / "projects") for home in _claude_homes() if (home / "projects").is_dir()]


def parse_source(text: str, *, machine: str | None = None) -> tuple[str, Path]:
    """`path` or `machine=path`, as (machine, path)."""
    named, _, path = text.rpartition("=")
    return machine or named or socket.gethostname(), Path(path).expanduser().absolute()


def find_skill_roots() -> tuple[Path, ...]:
    """Claude Code homes on this machine, whose skills complete the profile's."""
    return tuple(home for home in _claude_homes() if home.is_dir())


def _claude_homes() -> list[Path]:
    if os.environ.get("CLAUDE_CONFIG_DIR"):
        return [Path(part.strip()).expanduser() for part in os.environ["CLAUDE_CONFIG_DIR"].split(",") if part.strip()]
    return [Path("~/.claude").expanduser(), Path("~/.config/claude").expanduser()]
