"""The one module that knows Airflow: Connections and params become plain objects, our errors become task states."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import BaseHook, Connection, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from session_insights.errors import DeliveryFailed, NotDelivered, ReadingFailed, SettingsError
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.failure import FailedTask
from session_insights.notifications.posting import Channel, check_channel
from session_insights.profile import Profile, load_profile
from session_insights.settings import Settings, find_profile_path, find_skill_roots, find_sources, load_settings
from session_insights.store.database import Connection as Database
from session_insights.store.database import connect
from session_insights.transcripts.redaction import mask_secrets
from session_insights.windows import Period, Window, resolve_window

DATABASE_CONNECTION = "session_insights_db"
CLAUDE_CONNECTION = "anthropic_default"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workplace:
    """What every task needs."""

    database: Database
    settings: Settings
    profile: Profile
    sources: list[tuple[str, Path]]
    claude: ClaudeConnection | None
    params: dict[str, Any]
    run_id: str


@contextmanager
def workplace() -> Iterator[Workplace]:
    """Open what a task needs and close it afterwards.

    Raises:
        AirflowFailException: A setting, a parameter or one record is wrong: a retry changes nothing.
    """
    try:
        settings = load_settings()
        with connect(_find_database_url(settings)) as database:
            context = get_current_context()
            yield Workplace(
                database=database,
                settings=settings,
                profile=load_task_profile(settings),
                sources=find_sources(settings),
                claude=_find_claude(),
                params=dict(context["params"]),
                run_id=str(context["run_id"]),
            )
    except (SettingsError, ReadingFailed) as error:
        raise AirflowFailException(str(error)) from error
    except DeliveryFailed as error:
        if isinstance(error, NotDelivered) and error.may_try_again:
            raise
        raise AirflowFailException(str(error)) from error


def load_task_profile(settings: Settings | None = None) -> Profile:
    """The profile, as DAG files read it for their time zone."""
    settings = settings or load_settings()
    return load_profile(find_profile_path(settings), skill_roots=find_skill_roots())


def name_task(label: str) -> None:
    """Show `label` as the name of this mapped task in the UI; needs `map_index_template="{{ label }}"`."""
    context: Any = get_current_context()
    context["label"] = label


def find_window(period: Period, place: Workplace) -> Window:
    """The days that a run is about: params, else its data interval, else the moment it was due."""
    context: Any = get_current_context()
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    run_at: datetime = end if end is not None and start != end else context["dag_run"].run_after
    return resolve_window(
        period,
        time_zone=place.profile.zone,
        run_at=run_at,
        since=place.params.get("since"),
        until=place.params.get("until"),
    )


def find_channels(settings: Settings) -> list[Channel]:
    """Where messages go: the Slack and Discord connections that are there."""
    found = (_find_slack(settings.slack_connection), _find_discord(settings.discord_connection))
    channels = [check_channel(channel) for channel in found if channel is not None]
    if not channels:
        LOG.info("No Slack or Discord connection: no message is posted.")
    return channels


def report_channels(place: Workplace) -> list[Channel]:
    """The same, for a run's own report: none where its parameter `notify` is off."""
    return find_channels(place.settings) if place.params.get("notify", True) else []


def report_failure(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every task: tell that it failed for good. Never raises: the task has failed already."""
    try:
        # Here and not above: every parse of a DAG file would pay for it.
        from session_insights.stages.notifying import tell_failure

        settings = load_settings()
        channels = [replace(channel, timeout_seconds=10) for channel in find_channels(settings)]
        if channels:
            tell_failure(lambda: connect(_find_database_url(settings)), channels, _failed_task(context))
    except Exception as error:
        LOG.warning("The failure was not told to a channel: %s", mask_secrets(f"{type(error).__name__}: {error}"))


def _failed_task(context: Mapping[str, Any]) -> FailedTask:
    task = context["task_instance"]
    return FailedTask(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=-1 if task.map_index is None else task.map_index,
        try_number=task.try_number,
        label=context.get("label"),
        error=str(context.get("exception") or context.get("reason") or ""),
        log_url=getattr(task, "log_url", None),
    )


def _find_slack(connection_id: str) -> Channel | None:
    if _find_connection(connection_id) is None:
        return None
    from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook

    # The hook reads the connection. It does not post: its client sends again after a cut connection.
    client = SlackWebhookHook(slack_webhook_conn_id=connection_id).client
    return Channel("slack", client.url, proxy=client.proxy)


def _find_discord(connection_id: str) -> Channel | None:
    connection = _find_connection(connection_id)
    if connection is None:
        return None
    from airflow.providers.discord.hooks.discord_webhook import DiscordWebhookHook

    # The hook checks the endpoint. It does not post: it cannot say that nobody is to be called.
    try:
        endpoint = DiscordWebhookHook(http_conn_id=connection_id).webhook_endpoint
    except ValueError as error:
        raise SettingsError(f"Connection '{connection_id}': {error}") from None
    host = connection.host or "https://discord.com/api"
    if "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    if connection.port:
        host = f"{host.rstrip('/')}:{connection.port}"
    return Channel("discord", f"{host.rstrip('/')}/{endpoint}", proxy=connection.extra_dejson.get("proxy"))


def _find_database_url(settings: Settings) -> str:
    connection = _find_connection(DATABASE_CONNECTION)
    if connection is not None:
        if connection.conn_type not in ("postgres", "postgresql"):
            raise SettingsError(
                f"Connection '{DATABASE_CONNECTION}' is of type '{connection.conn_type}'; it must be postgres."
            )
        return "postgresql" + str(connection.get_uri()).removeprefix("postgresql").removeprefix("postgres")
    if settings.database_url:
        return settings.database_url
    raise SettingsError(
        f"No connection '{DATABASE_CONNECTION}': add one of type postgres (Admin, Connections), or set "
        "SESSION_INSIGHTS_DATABASE_URL."
    )


def _find_claude() -> ClaudeConnection | None:
    """None when no connection is there, which means to read offline."""
    connection = _find_connection(CLAUDE_CONNECTION)
    if connection is None:
        return None
    if not connection.password:
        raise SettingsError(f"Connection '{CLAUDE_CONNECTION}' has no password: put the API key there.")
    return ClaudeConnection(api_key=connection.password, base_url=connection.host or None)


def _find_connection(connection_id: str) -> Connection | None:
    if not connection_id:
        return None
    try:
        return BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        return None
