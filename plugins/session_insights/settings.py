"""Knobs, read from `SESSION_INSIGHTS_*`. Secrets are Airflow Connections, a run's choices are DAG params."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from session_insights.errors import SettingsError
from session_insights.locations import Location, S3Address, parse_location

Reader = Literal["auto", "claude", "batch", "cli", "offline"]
Scope = Literal["human", "automated", "subagent"]
Source = tuple[str, Location]  # (machine, a projects root)


class Settings(BaseSettings):
    """Every knob with its unit and bounds; `.env.example` and README list the same names."""

    model_config = SettingsConfigDict(env_prefix="SESSION_INSIGHTS_", extra="ignore")

    # PostgreSQL for everything of ours, as a URL; in Airflow the connection `session_insights_db` serves instead.
    database_url: str | None = None
    # The same for the dashboard, as a role that may only read; empty means the one above.
    dashboard_url: str | None = None
    # Where a team shares the database: a member sees their own sessions, and of the team what at least so many people
    # did together. 0 lets everybody see everything again; empty leaves it as it is, which is that at first.
    team_group_size: int | None = Field(default=None, ge=0, le=1_000)
    # Where transcripts are: comma list of `path` or `machine=path`, a path being a folder or `s3://bucket/prefix`;
    # `*=folder` is one source for each folder in it, named after it. Empty means Claude Code's own folders.
    sources: str = ""
    # The user's own words.
    profile: Path | None = None
    # Where SQL, prompts and templates are; empty means looked up beside the package.
    include_dir: Path | None = None
    # Where reports are written.
    reports_dir: Path = Path("reports")
    # A source that was in use is warned about when nothing new came for this many days.
    stopped_days: int = Field(default=3, ge=1, le=365)
    # Where reports are uploaded to, as `s3://bucket/prefix`; empty means they are not.
    reports_upload: Annotated[S3Address | None, NoDecode] = None
    # What the address of an uploaded report begins with when everybody may read it; empty means a time-limited link.
    reports_public_url: str | None = Field(default=None, pattern=r"^https?://")
    # How long such a link works; more than 7 days cannot be signed.
    reports_link_days: int = Field(default=7, ge=1, le=7)
    # Where raw transcripts are kept compressed, unmasked: a folder or `s3://bucket/prefix`; empty means not at all.
    archive: Annotated[Location | None, NoDecode] = None
    # Who reads sessions; auto means claude when a connection is there, else offline.
    reader: Reader = "auto"
    # Reader cli: the `claude` command, by name or path.
    claude_command: str = "claude"
    facet_model: str = "claude-haiku-5-5"
    narrative_model: str = "claude-sonnet-5-5"
    # A session is read when it has been quiet for this many minutes.
    quiet_minutes: int = Field(default=10, ge=0, le=1440)
    # Sessions read in one run, one mapped task each.
    facet_limit: int = Field(default=20, ge=1, le=200)
    # Sessions read side by side.
    facet_concurrency: int = Field(default=4, ge=1, le=32)
    # Whose sessions are read: comma list of human, automated, subagent.
    facet_scope: str = "human"
    # Tries on a session before it waits for somebody to clear its task.
    facet_attempts: int = Field(default=3, ge=1, le=10)
    # Transcript tokens that one facet request may carry, counted as 4 characters a token.
    facet_budget_tokens: int = Field(default=60_000, ge=1_000, le=180_000)
    # Dollars at list price that reading may cost in a local day and month; empty means no cap.
    daily_cap_usd: float | None = Field(default=5.0, ge=0, allow_inf_nan=False)
    monthly_cap_usd: float | None = Field(default=50.0, ge=0, allow_inf_nan=False)
    # Seconds between two looks at a batch that is being answered.
    batch_poll_seconds: int = Field(default=60, ge=1, le=3_600)
    # Characters kept of one prompt or reply; of a tool's output a quarter of it.
    entry_characters: int = Field(default=8_000, ge=200, le=100_000)
    # Airflow Connections that messages go out by; one that is not there is passed over, an empty name switches it off.
    slack_connection: str = "slack_default"
    discord_connection: str = "discord_default"
    # Hours that a report's summary waits for somebody's approval; then it is not posted. None means it does not wait.
    # Runs of a DAG wait for each other, so it is less than the week after which the next one is due.
    approval_hours: float | None = Field(default=None, gt=0, le=160)
    # A run that read so many sessions says so.
    large_batch_sessions: int = Field(default=50, ge=1, le=100_000)
    # Processes that read transcripts side by side; 0 means one a core.
    sync_processes: int = Field(default=0, ge=0, le=64)
    # Days that the text of a session's entries is kept after its last record; empty means for good.
    entry_days: int | None = Field(default=None, ge=1, le=36_500)
    # Days that an archived file is kept once it is gone from its source; empty means for good.
    archive_days: int | None = Field(default=None, ge=1, le=36_500)
    # Days that bookkeeping is kept which no figure needs, 35 at least: a month's caps are over; empty means for good.
    bookkeeping_days: int | None = Field(default=90, ge=35, le=36_500)
    # Days that logs of our DAGs are kept on the disks of Airflow; empty means for good.
    log_days: int | None = Field(default=90, ge=7, le=36_500)
    # Days that Airflow's own history of runs is kept, by `airflow db clean`; empty means that it is not touched.
    airflow_days: int | None = Field(default=None, ge=7, le=36_500)

    @field_validator(
        "reports_public_url",
        "daily_cap_usd",
        "monthly_cap_usd",
        "approval_hours",
        "team_group_size",
        "entry_days",
        "archive_days",
        "bookkeeping_days",
        "log_days",
        "airflow_days",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("facet_scope")
    @classmethod
    def _scope_is_known(cls, value: str) -> str:
        for part in value.split(","):
            if part.strip() not in get_args(Scope):
                raise ValueError(f"'{part.strip()}' is none of {', '.join(get_args(Scope))}")
        return value

    @field_validator("team_group_size")
    @classmethod
    def _group_hides_its_members(cls, value: int | None) -> int | None:
        if value in (1, 2):
            raise ValueError("of fewer than 3 people each could take their own figures from the sum; 5 is usual")
        return value

    @property
    def facet_categories(self) -> list[str]:
        """Categories of sessions that are read."""
        return [part.strip() for part in self.facet_scope.split(",")]

    @field_validator("archive", "reports_upload", mode="before")
    @classmethod
    def _locate(cls, value: object, info: ValidationInfo) -> object:
        setting = f"SESSION_INSIGHTS_{info.field_name}".upper()
        location = parse_location(value, setting) if value and isinstance(value, str) else value or None
        if info.field_name == "reports_upload" and isinstance(location, Path):
            raise SettingsError(
                f"{setting}: {value} is not s3://bucket/prefix; a folder of pages is SESSION_INSIGHTS_REPORTS_DIR."
            )
        return location


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


def find_sources(settings: Settings) -> list[Source]:
    """Roots with transcripts, most specific setting first.

    Source: transcript-format §1: `CLAUDE_CONFIG_DIR` replaces `~/.claude` and may be a comma list.
    """
    if settings.sources.strip():
        named = [parse_source(part.strip()) for part in settings.sources.split(",") if part.strip()]
        return [source for each in named for source in _each_machine(*each)]
    return [(socket.gethostname(), home / "projects") for home in _claude_homes() if (home / "projects").is_dir()]


def _each_machine(machine: str, root: Location) -> list[Source]:
    """The machines whose folders are below a root, where `*` stands for their names."""
    if machine != "*":
        return [(machine, root)]
    if isinstance(root, S3Address):
        raise SettingsError(f"SESSION_INSIGHTS_SOURCES: *={root} is no folder; in a bucket name each machine.")
    with suppress(OSError):
        if folders := sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink()):
            return [(path.name, path) for path in folders]
    return [(root.name, root)]  # nothing there yet, which whoever looks at a source says best


def parse_source(text: str, *, machine: str | None = None) -> Source:
    """`path` or `machine=path`.

    Raises:
        SettingsError: An address of another kind than `s3://bucket/prefix`.
    """
    # A prefix in a bucket may have an equals sign of its own.
    address = re.fullmatch("(?:([^=]*)=)?(s3://.*)", text)
    named, path = address.groups() if address else text.rpartition("=")[::2]
    return machine or named or socket.gethostname(), parse_location(path, "SESSION_INSIGHTS_SOURCES")


def find_skill_roots() -> tuple[Path, ...]:
    """Claude Code homes on this machine, whose skills complete the profile's."""
    return tuple(home for home in _claude_homes() if home.is_dir())


def _claude_homes() -> list[Path]:
    if os.environ.get("CLAUDE_CONFIG_DIR"):
        return [Path(part.strip()).expanduser() for part in os.environ["CLAUDE_CONFIG_DIR"].split(",") if part.strip()]
    return [Path("~/.claude").expanduser(), Path("~/.config/claude").expanduser()]
