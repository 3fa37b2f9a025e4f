"""What a page needs besides its connection; the app sets it, a test sets its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from session_insights.profile import Profile
from session_insights.settings import Settings
from session_insights.store.database import Connection

QUERY = "%!$&'()*+,;=:@/?-._~"  # what an address may have behind its question mark as it is


class Correct(Protocol):
    """`stages.correcting.correct_facets`, with a connection that may write."""

    def __call__(
        self, session_id: str, values: Mapping[str, Any], *, by: str, note: str | None, undo: Sequence[str]
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Desk:
    """Kept as `app.state.desk`."""

    profile: Profile
    settings: Settings
    templates: Environment
    correct: Correct
    render_report: Callable[[Connection, int], str]  # snapshot → page; raises SettingsError where there is none yet


def desk(request: Request) -> Desk:
    """The app's desk, as a dependency."""
    found: Desk = request.app.state.desk
    return found


def user() -> str:
    """Who is signed in, by name; the app overrides it. Nobody is, unless it does."""
    raise HTTPException(401, "Sign in to Airflow first.")


def may_correct() -> bool:
    """Whether who is signed in may change something: nobody is offered what is refused. The app overrides it."""
    return True


def base_path(request: Request) -> str:
    """What every address of ours begins with, also behind a proxy: `/insights` or `/airflow/insights`."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def same_address(request: Request) -> str:
    """The address that was asked for, as a link of ours whatever it was: it never leads to another server."""
    base, path = base_path(request), request.scope["path"]
    below = path.removeprefix(base).lstrip("/")
    query = request.scope["query_string"].decode("latin-1")
    return f"{base}/{quote(below, safe='/')}" + (f"?{quote(query, safe=QUERY)}" if query else "")


def airflow_path(request: Request) -> str:
    """What every address of Airflow begins with; its pages are one level above ours."""
    return base_path(request).rpartition("/")[0]


def render_page(
    request: Request, place: Desk, template: str, values: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    """A page from `include/templates/dashboard/`; `base` and `airflow` begin the links in it."""
    page = place.templates.get_template(f"dashboard/{template}").render(
        base=base_path(request), airflow=airflow_path(request), **values
    )
    return HTMLResponse(page, status)
