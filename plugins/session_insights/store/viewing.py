"""Who may see what: kept in Postgres, which enforces it.

Source: docs/decisions/0021-team-views.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from session_insights.errors import SettingsError
from session_insights.profile import Member
from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql


def is_applied(connection: Connection, team: Sequence[Member], smallest_group: int) -> bool:
    """Whether these are the rules already, so that a role which does not own the tables need not try."""
    [row] = execute(connection, load_sql("access/load_rules"))
    wanted = {member.user: (member.is_admin, sorted(member.machines)) for member in team}
    known = {user: (kept["is_admin"], sorted(kept["machines"])) for user, kept in row["team"].items()}
    return bool(row["smallest_group"] == smallest_group and (known == wanted or not smallest_group))


def limit_readers(connection: Connection, team: Sequence[Member], smallest_group: int) -> None:
    """Let roles that may only read see what the viewer may see; 0 lets them see all.

    Raises:
        SettingsError: This role does not own the tables.
    """
    try:
        _limit_readers(connection, team, smallest_group)
    except psycopg.errors.InsufficientPrivilege:
        raise SettingsError(
            "SESSION_INSIGHTS_TEAM_GROUP_SIZE or the profile's team has changed: run `session-insights migrate` as the "
            "owner of the schema insights; this role may not say who sees what."
        ) from None


def _limit_readers(connection: Connection, team: Sequence[Member], smallest_group: int) -> None:
    with connection.transaction():
        execute(connection, "delete from insights.team_members")
        for member in team:
            execute(
                connection,
                "insert into insights.team_members (user_name, is_admin) values (%(user)s, %(is_admin)s)",
                user=member.user,
                is_admin=member.is_admin,
            )
            for machine in member.machines:
                execute(
                    connection,
                    "insert into insights.team_machines (machine, user_name) values (%(machine)s, %(user)s)",
                    machine=machine,
                    user=member.user,
                )
        execute(connection, "select insights.limit_readers(%(size)s)", size=smallest_group)


def renew_rules(connection: Connection) -> None:
    """The rules that are in force, also for tables that were made since."""
    execute(connection, "select insights.limit_readers(smallest_group) from insights.team_rules")


def load_signing_key(connection: Connection) -> str:
    """What a viewer's name is signed with; only roles that may write can read it.

    Raises:
        SettingsError: Readers are not limited yet.
    """
    rows = execute(connection, "select signing_key from insights.team_rules")
    if not rows:
        raise SettingsError(
            "SESSION_INSIGHTS_TEAM_GROUP_SIZE is set and not applied: run the DAG insights_setup, or "
            "`session-insights migrate`."
        )
    return str(rows[0]["signing_key"])


def sign_viewer(user_name: str, key: str) -> str:
    """The value of `insights.viewer`, as the function of that name checks it."""
    inner = hashlib.sha256((key + user_name).encode()).hexdigest()
    return hashlib.sha256((key + inner).encode()).hexdigest() + user_name


def set_viewer(connection: Connection, viewer: str) -> None:
    """Say who looks, until it is said again. Costs the round trip that shows whether the server still answers."""
    execute(connection, "select set_config('insights.viewer', %(viewer)s, false)", viewer=viewer)


def check_limited(connection: Connection) -> None:
    """Make sure that this role is one that the rules are for.

    Raises:
        SettingsError: It may write, or the rules are not in force: it would see everything.
    """
    [row] = execute(connection, "select insights.is_limited() as is_limited")
    if not row["is_limited"]:
        raise SettingsError(
            "SESSION_INSIGHTS_TEAM_GROUP_SIZE is set, but the dashboard's role may see everything: give "
            "SESSION_INSIGHTS_DASHBOARD_URL a role that may only read, and run the DAG insights_setup."
        )


def load_team_weeks(connection: Connection, first_day: date, day_after: date) -> list[dict[str, Any]]:
    """What the team did in whole weeks that are over; nothing of groups that are too small."""
    return execute(connection, load_sql("dashboard/team_weeks"), first_day=first_day, day_after=day_after)
