"""The dashboard as one ASGI app: every route behind the guard, every answer with a strict policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import Response

from session_insights.dashboard import api, archive, assets, desk, health, overview, session, sessions, team, team_page
from session_insights.dashboard.database import Pool
from session_insights.dashboard.desk import Desk
from session_insights.dashboard.failures import handle_failures
from session_insights.dashboard.pages import PageCache
from session_insights.dashboard.policy import apply_policy
from session_insights.dashboard.warming import Warmer
from session_insights.reports.rendering import build_environment

# What there is to see; each module has its `router`.
ROUTERS = tuple(room.router for room in (overview, api, team, sessions, session, archive, team_page, health, assets))

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def build_app(
    *,
    guard: Callable[..., Any],
    user_name: Callable[..., str],
    may_correct: Callable[..., bool] = desk.may_correct,
    login_url: Callable[[str], str],
    open_desk: Callable[[Path], Desk],
    find_url: Callable[[], str | None],
    templates: Path,
    find_key: Callable[[], str] | None = None,
    warms: bool = False,
) -> FastAPI:
    """The app, ready to be mounted; it reaches for profile and database with its first request.

    Args:
        guard: A FastAPI dependency that raises 401 or 403; by other methods than GET somebody wants to change
            something.
        user_name: A FastAPI dependency: who is signed in.
        may_correct: A FastAPI dependency: whether forms are shown; what is sent is for the guard to decide.
        login_url: Where to sign in and come back from to an address.
        open_desk: What pages need, from the folder of templates.
        find_url: The database to read from.
        templates: The folder `include/templates`.
        find_key: What viewers are signed with; None where everybody sees everything.
        warms: Make the usual pages ahead, from the first look on, in a thread that ends with `app.state.warmer.stop()`.
    """

    def set_desk(request: Request) -> None:
        state = request.app.state
        if getattr(state, "desk", None) is None:
            state.desk = open_desk(templates)
            _tell_frame(state.desk.templates, app)

    # FastAPI's own routes for docs would stand outside the guard.
    app = FastAPI(
        title="Session Insights",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(guard), Depends(refuse_strangers), Depends(set_desk)],
    )
    app.state.assets = assets.load_assets(templates)
    app.state.pool = Pool(find_url, find_key=find_key)
    app.state.pages = PageCache()
    app.state.warmer = Warmer() if warms else None
    app.dependency_overrides |= {desk.user: user_name, desk.may_correct: may_correct}
    environment = build_environment(templates)
    _tell_frame(environment, app)
    handle_failures(app, environment, login_url)
    for router in ROUTERS:
        app.include_router(router)
    app.get("/openapi.json")(_describe)

    @app.middleware("http")
    async def add_policy(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        return apply_policy(await call_next(request))

    return app


def refuse_strangers(request: Request) -> None:
    """A page of another site cannot make a signed-in browser change anything here."""
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_ours = site == "same-origin" if site else origin is not None and urlsplit(origin).netloc == request.url.netloc
    if not is_ours:
        raise HTTPException(403, "This was not sent by a page of the dashboard.")


def _describe(request: Request) -> dict[str, Any]:
    """The JSON API, described; its paths begin where this app is mounted."""
    found: dict[str, Any] = request.app.openapi()
    base = desk.base_path(request)
    return found | ({"servers": [{"url": base}]} if base else {})


def _tell_frame(environment: Any, app: FastAPI) -> None:
    environment.globals["assets_version"] = assets.version_assets(app.state.assets)
    environment.globals["has_team"] = app.state.pool.is_limited
