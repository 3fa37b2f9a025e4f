"""Airflow's Connections as plain objects."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook, Connection
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowNotFoundException

from session_insights.bucket import client_config, environment_client
from session_insights.errors import SettingsError
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.posting import Channel, check_channel
from session_insights.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

DATABASE_CONNECTION = "session_insights_db"
AIRFLOW_CONNECTION = "session_insights_airflow_db"
CLAUDE_CONNECTION = "anthropic_default"
S3_CONNECTION = "session_insights_s3"
_log = logging.getLogger(__name__)


def find_database_url(settings: Settings) -> str:
    url = _find_postgres(DATABASE_CONNECTION) or settings.database_url
    if url:
        return url
    raise SettingsError(
        f"No connection '{DATABASE_CONNECTION}': add one of type postgres (Admin, Connections), or set "
        "SESSION_INSIGHTS_DATABASE_URL."
    )


def find_log_folder() -> Path:
    """Where Airflow writes the logs of tasks on this worker."""
    return Path(conf.get("logging", "base_log_folder"))


def find_airflow_url() -> str:
    """Airflow's own database: a task is not told it, so it has a connection of its own.

    Raises:
        SettingsError: The connection is not there, or of another type.
    """
    url = _find_postgres(AIRFLOW_CONNECTION)
    if url is None:
        raise SettingsError(
            f"No connection '{AIRFLOW_CONNECTION}': add one of type postgres to Airflow's own database (Admin, "
            "Connections), or empty SESSION_INSIGHTS_AIRFLOW_DAYS and run `airflow db clean` where Airflow runs."
        )
    return url


def _find_postgres(connection_id: str) -> str | None:
    connection = _find_connection(connection_id)
    if connection is None:
        return None
    if connection.conn_type not in ("postgres", "postgresql"):
        raise SettingsError(f"Connection '{connection_id}' is of type '{connection.conn_type}'; it must be postgres.")
    return "postgresql" + str(connection.get_uri()).removeprefix("postgresql").removeprefix("postgres")


def find_claude() -> ClaudeConnection | None:
    """None when no connection is there, which means to read offline."""
    connection = _find_connection(CLAUDE_CONNECTION)
    if connection is None:
        return None
    if not connection.password:
        raise SettingsError(f"Connection '{CLAUDE_CONNECTION}' has no password: put the API key there.")
    return ClaudeConnection(api_key=connection.password, base_url=connection.host or None)


def find_s3() -> S3Client:
    """A client for the object store, by the amazon provider; without the connection by boto3's own chain.

    Raises:
        SettingsError: The connection is of another type.
    """
    # Here, because every task parses its DAG file anew and this costs it a second.
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    connection = _find_connection(S3_CONNECTION)
    if connection is None:
        return environment_client()
    if connection.conn_type != "aws":
        raise SettingsError(f"Connection '{S3_CONNECTION}' is of type '{connection.conn_type}'; it must be aws.")
    hook = S3Hook(aws_conn_id=S3_CONNECTION)
    client: S3Client = hook.get_client_type(region_name=hook.region_name, config=client_config().merge(hook.config))
    return client


def find_channels(settings: Settings) -> list[Channel]:
    """Where messages go: the Slack and Discord connections that are there."""
    found = (_find_slack(settings.slack_connection), _find_discord(settings.discord_connection))
    channels = [check_channel(channel) for channel in found if channel is not None]
    if not channels:
        _log.info("No Slack or Discord connection: no message is posted.")
    return channels


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


def _find_connection(connection_id: str) -> Connection | None:
    if not connection_id:
        return None
    try:
        return BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        return None
