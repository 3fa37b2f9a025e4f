"""That a form was sent from our own page, by the person who opened it."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response

from session_insights.dashboard.desk import base_path

COOKIE = "session_insights_form"
FIELD = "token"


def form_token(request: Request) -> str:
    """The token that this browser's forms carry."""
    known = request.cookies.get(COOKIE, "")
    return known if len(known) >= 32 else secrets.token_urlsafe(32)


def keep_token(request: Request, response: Response, token: str) -> None:
    """Another site can neither read this cookie nor have it sent along."""
    response.set_cookie(
        COOKIE,
        token,
        path=base_path(request) or "/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def check_sender(request: Request, token: str) -> None:
    """Raises 403 where a form did not come from a page of ours; nothing was changed then.

    A browser names where a request comes from, and a form of ours carries the token of its cookie.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise HTTPException(403, "This form was sent from another site; nothing was changed.")
    if origin is not None and urlsplit(origin).netloc not in _own_hosts(request):
        raise HTTPException(403, "This form was sent from another site; nothing was changed.")
    if site is None and origin is None:
        raise HTTPException(403, "It is not known where this form was sent from; nothing was changed.")
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or not secrets.compare_digest(cookie.encode(), token.encode()):
        raise HTTPException(403, "This form is too old or from another browser; open the page again.")


def _own_hosts(request: Request) -> set[str]:
    """As the browser wrote it; a proxy hands on what it replaced, and no page can make a browser send that header."""
    forwarded = request.headers.get("x-forwarded-host", "").partition(",")[0].strip()
    return {host for host in (request.headers.get("host", ""), forwarded) if host}
