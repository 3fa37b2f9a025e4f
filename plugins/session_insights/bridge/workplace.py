"""What every task needs, opened and closed; our errors become task states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from session_insights.bridge.connections import DATABASE_CONNECTION, find_channels, find_claude, find_database_url
from session_insights.bridge.failures import report_cap
from session_insights.bridge.lineage import tell_lineage
from session_insights.bridge.tasks import explain_end
from session_insights.errors import BudgetReached, DeliveryFailed, NotDelivered, ReadingFailed, SettingsError
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.posting import Channel
from session_insights.profile import Profile, load_profile
from session_insights.settings import Settings, Source, find_profile_path, find_skill_roots, find_sources, load_settings
from session_insights.stages.setup import find_pending
from session_insights.store.database import Connection, connect
from session_insights.windows import Period, Window, resolve_window


@dataclass(frozen=True)
class Workplace:
    """What every task needs."""

    database: Connection
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
        url = find_database_url(settings)
        with connect(url) as database:
            context = get_current_context()
            profile = load_task_profile(settings)
            sources = find_sources(settings)
            tell_lineage(database, settings, sources)
            yield Workplace(
                database=database,
                settings=settings,
                profile=profile,
                sources=sources,
                claude=find_claude(),
                params=dict(context["params"]),
                run_id=str(context["run_id"]),
            )
    except (SettingsError, ReadingFailed) as error:
        raise AirflowFailException(explain_end(str(error))) from None
    except BudgetReached as error:
        report_cap(error, datetime.now(profile.zone).date())
        raise AirflowSkipException(explain_end(str(error))) from None
    except DeliveryFailed as error:
        if isinstance(error, NotDelivered) and error.may_try_again:
            raise
        raise AirflowFailException(explain_end(str(error))) from None
    except psycopg.OperationalError as error:
        if error.sqlstate is not None:
            raise
        raise AirflowException(explain_end(_describe_silence(error))) from None
    except psycopg.ProgrammingError:
        # Tables or columns that are not there, unless the statement itself is wrong.
        if not (pending := find_pending(url)):
            raise
        text = f"The tables are older than the code: {', '.join(pending)} to be applied. Run the DAG insights_setup."
        raise AirflowFailException(explain_end(text)) from None


def _describe_silence(error: psycopg.OperationalError) -> str:
    said = str(error).splitlines()[0]
    return f"The database does not answer: {said}. Is it running, and is the connection '{DATABASE_CONNECTION}' right?"


def load_task_profile(settings: Settings | None = None) -> Profile:
    """The profile, as DAG files read it for their time zone."""
    settings = settings or load_settings()
    return load_profile(find_profile_path(settings), skill_roots=find_skill_roots())


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


def report_channels(place: Workplace) -> list[Channel]:
    """The same, for a run's own report: none where its parameter `notify` is off."""
    return find_channels(place.settings) if place.params.get("notify", True) else []
