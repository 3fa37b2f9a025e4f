"""What went wrong, in clear words: a page for a browser, JSON for everybody else, never a stack."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import psycopg
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment
from starlette.exceptions import HTTPException as AnyHTTPException

from session_insights.dashboard.database import LONGEST_STATEMENT_SECONDS, NoConnectionFree
from session_insights.dashboard.desk import airflow_path, base_path, same_address
from session_insights.dashboard.policy import apply_policy
from session_insights.errors import InsightsError, SettingsError

_log = logging.getLogger(__name__)
_TITLES = {400: "That cannot be shown", 403: "Not allowed", 404: "Not found", 405: "Not like this"}
# Where whoever raised it said nothing of its own.
_TEXTS = {
    403: "Your role may not read the DAGs of Session Insights, or may not change what you tried to change.",
    404: "There is no such page: the address is wrong, or what it led to was purged.",
    405: "This address is read, or sent to, in another way.",
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
                f"The database worked on this for {LONGEST_STATEMENT_SECONDS} seconds and was stopped. Try again in a "
                "moment: it may be busy. If it happens again, choose fewer days or fewer words."
            )
            return Failure(503, "That took too long", text)
        case NoConnectionFree():
            return Failure(503, "Busy", str(error))
        case psycopg.OperationalError():
            text = (
                "The database of Session Insights does not answer. Nothing is lost; the pages come back when it does. "
                "If it takes longer, somebody should see whether Postgres runs: docs/runbook.md says how."
            )
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
            said = str(error.detail)
            text = _TEXTS.get(status, said) if said == HTTPStatus(status).phrase else said
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
        is_browser, is_read = "text/html" in request.headers.get("accept", ""), request.method in ("GET", "HEAD")
        if failure.status == 401 and is_browser and is_read:
            return RedirectResponse(login_url(same_address(request)), 307)
        headers = {"Retry-After": "5"} if failure.status == 503 else {}
        address = same_address(request)
        # An API keeps what its description says, whoever asks.
        if not is_browser or address.startswith(f"{base_path(request)}/api/"):
            return JSONResponse({"detail": failure.text}, failure.status, headers)
        page = templates.get_template("dashboard/error.html").render(
            title=failure.title,
            text=failure.text,
            again=address if failure.status == 503 and is_read else None,
            was_sent=failure.status == 503 and not is_read,
            base=base_path(request),
            airflow=airflow_path(request),
        )
        return HTMLResponse(page, failure.status, headers)

    for kind in (HTTPException, AnyHTTPException, RequestValidationError, InsightsError, psycopg.Error, Exception):
        app.add_exception_handler(kind, answer)
