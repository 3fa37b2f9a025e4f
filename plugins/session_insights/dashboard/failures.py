"""What went wrong, in clear words: a page for a browser, JSON for everybody else, never a stack."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment
from starlette.exceptions import HTTPException as AnyHTTPException

from session_insights.dashboard.database import LONGEST_STATEMENT_SECONDS, NoConnectionFree
from session_insights.dashboard.desk import airflow_path, base_path
from session_insights.dashboard.policy import apply_policy
from session_insights.errors import InsightsError, SettingsError

_log = logging.getLogger(__name__)
_TITLES = {400: "That cannot be shown", 403: "Not for you", 404: "There is no such page", 405: "Not like this"}
_TEXTS = {
    403: "Your role may not read the DAGs of Session Insights, or may not change what you tried to change.",
    404: "The address is wrong, or what it led to was purged.",
}


@dataclass(frozen=True)
class Failure:
    status: int
    title: str
    text: str  # what it is and what to do


def explain(error: Exception) -> Failure:
    """The words for an error."""
    match error:
        case psycopg.errors.QueryCanceled():
            text = (
                f"The database took longer than {LONGEST_STATEMENT_SECONDS} seconds. Choose fewer days, or try again."
            )
            return Failure(503, "That took too long", text)
        case NoConnectionFree():
            return Failure(503, "Busy", str(error))
        case psycopg.OperationalError():
            text = "The database of Session Insights does not answer. Is it running? This page comes back with it."
            return Failure(503, "No database", text)
        case psycopg.errors.InsufficientPrivilege():
            text = "The role of SESSION_INSIGHTS_DASHBOARD_URL may not read the tables; grant it select on them."
            return Failure(503, "The database says no", text)
        case psycopg.ProgrammingError():
            text = "The tables are older than the code, or not there yet. Run the DAG insights_setup."
            return Failure(503, "The database is not set up", text)
        case SettingsError():
            return Failure(400, _TITLES[400], str(error))
        case RequestValidationError():
            said = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors())
            return Failure(422, _TITLES[400], said)
        case AnyHTTPException():
            status = error.status_code
            text = _TEXTS.get(status) or str(error.detail)
            return Failure(status, _TITLES.get(status, "That did not work"), text)
        case InsightsError():
            return Failure(500, "That did not work", str(error))
        case _:
            return Failure(500, "That did not work", "This is our mistake; the log of the API server says more.")


def handle_failures(app: FastAPI, templates: Environment, login_url: Callable[[str], str]) -> None:
    """Answer every error of an app.

    Args:
        login_url: Where to sign in and come back from to an address.
    """

    def answer(request: Request, error: Exception) -> Response:
        return apply_policy(_answer(request, error))

    def _answer(request: Request, error: Exception) -> Response:
        failure = explain(error)
        if failure.status >= 500:
            _log.error("%s: %s", request.url.path, error, exc_info=error if failure.status == 500 else None)
        wants_page = "text/html" in request.headers.get("accept", "")
        if failure.status == 401 and wants_page and request.method in ("GET", "HEAD"):
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(login_url(back), 307)
        headers = {"Retry-After": "5"} if failure.status == 503 else {}
        if not wants_page:
            return JSONResponse({"detail": failure.text}, failure.status, headers)
        page = templates.get_template("dashboard/error.html").render(
            title=failure.title, text=failure.text, base=base_path(request), airflow=airflow_path(request)
        )
        return HTMLResponse(page, failure.status, headers)

    for kind in (HTTPException, AnyHTTPException, RequestValidationError, InsightsError, psycopg.Error, Exception):
        app.add_exception_handler(kind, answer)
