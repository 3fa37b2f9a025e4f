"""The one module that knows Airflow: Connections and params become plain objects, our errors become task states."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from airflow.sdk import Asset, BaseHook, BaseOperator, Connection, get_current_context
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)

from session_insights.bucket import client_config, environment_client
from session_insights.errors import BudgetReached, DeliveryFailed, NotDelivered, ReadingFailed, SettingsError
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.failure import FailedTask
from session_insights.notifications.posting import Channel, check_channel
from session_insights.profile import Profile, load_profile
from session_insights.settings import Settings, Source, find_profile_path, find_skill_roots, find_sources, load_settings
from session_insights.stages.setup import find_pending
from session_insights.store.database import Connection as Database
from session_insights.store.database import connect
from session_insights.transcripts.redaction import mask_secrets
from session_insights.windows import Period, Window, resolve_window

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

DATABASE_CONNECTION = "session_insights_db"
CLAUDE_CONNECTION = "anthropic_default"
S3_CONNECTION = "session_insights_s3"
# What Airflow's asset graph shows: rows of `claude_sessions` were written; a report was published.
SESSIONS = Asset("insights_sessions")
REPORTS = Asset("insights_reports")
# Of a task: what it was about, shown beside its name in a run's list of tasks. `name_task` or an error fills it.
LABEL = "{{ label | default('') }}"
_log = logging.getLogger(__name__)
_LABEL_CHARACTERS = 250  # the column's width in Airflow's database
# The API ends a batch after a day; an hour more for its own delay.
LONGEST_WAIT = timedelta(hours=25)


@dataclass(frozen=True)
class Workplace:
    """What every task needs."""

    database: Database
    settings: Settings
    profile: Profile
    sources: list[Source]
    claude: ClaudeConnection | None
    params: dict[str, Any]
    run_id: str

    @property
    def reading(self) -> dict[str, Any]:
        """What stages that read sessions take by name."""
        return {"settings": self.settings, "profile": self.profile, "claude": self.claude}


@contextmanager
def workplace() -> Iterator[Workplace]:
    """Open what a task needs and close it afterwards. An error becomes the task's label and one line in its log.

    Raises:
        AirflowFailException: A setting, a parameter, the tables or one record is wrong: a retry changes nothing.
        AirflowSkipException: A cap leaves no room for it now.
        AirflowException: The database does not answer: a retry may help.
    """
    url = None
    try:
        settings = load_settings()
        url = _find_database_url(settings)
        with connect(url) as database:
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
        raise AirflowFailException(_explain(str(error))) from None
    except BudgetReached as error:
        raise AirflowSkipException(_explain(str(error))) from None
    except DeliveryFailed as error:
        if isinstance(error, NotDelivered) and error.may_try_again:
            raise
        raise AirflowFailException(_explain(str(error))) from None
    except psycopg.OperationalError as error:
        if error.sqlstate is not None:
            raise
        raise AirflowException(_explain(_describe_silence(error))) from None
    except psycopg.ProgrammingError:
        # Tables or columns that are not there, unless the statement itself is wrong.
        if not (pending := find_pending(url)):
            raise
        text = f"The tables are older than the code: {', '.join(pending)} to be applied. Run the DAG insights_setup."
        raise AirflowFailException(_explain(text)) from None


def _describe_silence(error: psycopg.OperationalError) -> str:
    said = str(error).splitlines()[0]
    return f"The database does not answer: {said}. Is it running, and is the connection '{DATABASE_CONNECTION}' right?"


def _explain(message: str) -> str:
    _log.error(message)  # Airflow's own line brings its stack along
    context: Any = get_current_context()
    context.setdefault("label", message[:_LABEL_CHARACTERS])
    return message


def load_task_profile(settings: Settings | None = None) -> Profile:
    """The profile, as DAG files read it for their time zone."""
    settings = settings or load_settings()
    return load_profile(find_profile_path(settings), skill_roots=find_skill_roots())


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


def skip_if(reason: str | None) -> None:
    """Show the task as skipped, unless there is no reason to."""
    if reason is not None:
        raise AirflowSkipException(reason)


def name_task(label: str) -> None:
    """Show `label` beside this task in the UI; needs `map_index_template=LABEL`. Its further lines are warnings."""
    first, *warnings = label.splitlines()
    _log.info(first)
    for warning in warnings:
        _log.warning(warning)
    context: Any = get_current_context()
    context["label"] = label.replace("\n", "; ")[:_LABEL_CHARACTERS]


def keep(name: str, value: Any) -> None:
    """Give later tasks a value beside what this one returns."""
    get_current_context()["ti"].xcom_push(key=name, value=value)


def announce(asset: Asset, *, row_count: int, **extra: Any) -> None:
    """Say with the event of an outlet what was written.

    Raises:
        AirflowSkipException: Nothing was written, so there is no event.
    """
    if not row_count:
        raise AirflowSkipException("Nothing was written.")
    get_current_context()["outlet_events"][asset].extra = extra


def fail(message: str) -> None:
    """End the task as failed, without a retry.

    Raises:
        AirflowFailException: Always.
    """
    raise AirflowFailException(message)


class WaitForBatch(BaseOperator):  # type: ignore[misc]
    """Wait for a Message Batch in the triggerer: no worker is held.

    The provider's sensor does the same, but importing it with a DAG file costs every task more than a second. Clearing
    or failing this task while it waits cancels the batch at the API (the provider's trigger does).
    """

    template_fields = ("batch_id",)

    def __init__(self, *, batch_id: str, **options: Any) -> None:
        super().__init__(**options)
        self.batch_id = batch_id

    def execute(self, context: Any) -> None:
        from airflow.providers.anthropic.triggers.batch import AnthropicBatchTrigger

        context["label"] = self.batch_id
        trigger = AnthropicBatchTrigger(
            conn_id=CLAUDE_CONNECTION,
            batch_id=self.batch_id,
            poll_interval=float(load_settings().batch_poll_seconds),
            end_time=time.time() + LONGEST_WAIT.total_seconds(),
        )
        self.defer(trigger=trigger, method_name="go_on")

    def go_on(self, context: Any, event: dict[str, Any] | None = None) -> None:
        """What became of its requests is looked at when they are collected."""
        context["label"] = self.batch_id
        if event is None or event["status"] != "success":
            raise AirflowException(f"batch {self.batch_id}: {(event or {}).get('message', 'no answer')}")
        self.log.info("batch %s has ended: %s", self.batch_id, event.get("request_counts"))


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
        _log.info("No Slack or Discord connection: no message is posted.")
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
        _log.warning("The failure was not told to a channel: %s", mask_secrets(f"{type(error).__name__}: {error}"))


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
