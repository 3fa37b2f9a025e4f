"""Who may see the dashboard: whoever Airflow lets read our DAGs. Airflow itself guards no app of a plugin."""

from __future__ import annotations

from typing import Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException, Request

from session_insights.settings import load_settings

# Their runs tell what the pages tell.
DAGS = ("insights_session_sync", "insights_facet_extraction", "insights_weekly_report")
IS_TEAM = bool(load_settings().team_group_size)


def guard(request: Request, user: GetUserDep) -> None:
    """Let in who may read the runs of our DAGs; to change something, who may change them.

    Where a team shares the database everybody who is signed in may read: Postgres shows each their own. The runs of the
    DAGs are for admins then, because they name everybody's sessions.

    Raises:
        HTTPException: 401 for nobody (by `GetUserDep`), 403 for somebody without the right.
    """
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        is_allowed = may_correct(user)
    else:
        is_allowed = IS_TEAM or _is_allowed("GET", user)
    if not is_allowed:
        raise HTTPException(403)


def may_correct(user: GetUserDep) -> bool:
    """Whether somebody may change the runs of our DAGs, and so what was read."""
    return _is_allowed("PUT", user)


def _is_allowed(method: Literal["GET", "PUT"], user: GetUserDep) -> bool:
    manager = get_auth_manager()
    return all(
        manager.is_authorized_dag(
            method=method, access_entity=DagAccessEntity.RUN, details=DagDetails(id=dag_id), user=user
        )
        for dag_id in DAGS
    )


def user_name(user: GetUserDep) -> str:
    """Who is signed in, as corrections name them."""
    return str(user.get_name())


def login_url(back: str) -> str:
    """Airflow's page to sign in, which comes back."""
    return str(get_auth_manager().get_url_login(next_url=back))
