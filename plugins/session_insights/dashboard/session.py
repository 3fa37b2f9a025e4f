"""One session: what was said, what was made of it, and where a person says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, base_path, desk, may_correct, render_page, user
from session_insights.dashboard.forms import check_sender, form_token, keep_token
from session_insights.dashboard.judgements import build_judgements, label_of
from session_insights.dashboard.session_facts import build_head
from session_insights.dashboard.sessions import session_href
from session_insights.dashboard.transcript import build_stretches
from session_insights.errors import SettingsError
from session_insights.store import corrections as corrections_store
from session_insights.store import sessions as store
from session_insights.store.database import Connection

router = APIRouter()
PAGE_ENTRIES = 400
PAGE_CHARACTERS = 160_000
_LARGEST_ENTRY = 2**31 - 1


@router.get("/sessions/{session_id:path}", response_class=HTMLResponse)
def show_session(
    request: Request,
    session_id: str,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
    can_correct: Annotated[bool, Depends(may_correct)],
    from_entry: Annotated[int, Query(alias="from", ge=1, le=_LARGEST_ENTRY)] = 1,
) -> Response:
    """The transcript beside its facets."""
    return _respond(request, session_id, connection, place, from_entry=from_entry, can_correct=can_correct)


@router.post("/sessions/{session_id:path}/facets", response_class=HTMLResponse)
def correct_facet(
    request: Request,
    session_id: str,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
    by: Annotated[str, Depends(user)],
    facet: Annotated[str, Form(max_length=100)],
    value: Annotated[str, Form(max_length=10_000)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
    action: Annotated[str, Form(pattern="^(set|undo)$")] = "set",
    token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Say what a facet is, or take that back; then the page as it is now."""
    check_sender(request, token)
    _find_session(connection, session_id)  # who may not see a session may not change it
    values, undo = ({facet: value}, ()) if action == "set" else ({}, (facet,))
    try:
        place.correct(session_id, values, by=by, note=note or None, undo=undo)
    except SettingsError as error:
        problem = {"facet": facet, "message": str(error), "value": value, "note": note, "label": label_of(facet)}
        return _respond(request, session_id, connection, place, problem=problem)
    return RedirectResponse(f"{base_path(request)}{session_href(session_id)}#f-{facet}", 303)


def _respond(
    request: Request,
    session_id: str,
    connection: Connection,
    place: Desk,
    *,
    from_entry: int = 1,
    can_correct: bool = True,
    problem: Mapping[str, Any] | None = None,
) -> Response:
    session = _find_session(connection, session_id)
    entries = store.load_entries(
        connection,
        session_id,
        first_entry=from_entry,
        most_entries=PAGE_ENTRIES,
        most_characters=PAGE_CHARACTERS,
    )
    facet = session["facet"]
    judgements = build_judgements(facet or {}, place.profile)
    cited = {number for judgement in judgements for number in judgement.entries}
    corrections = next((item.entries for item in judgements if item.facet == "course_corrections"), ())
    first = entries[0]["entry_no"] if entries else from_entry
    last = entries[-1]["entry_no"] if entries else from_entry
    token = form_token(request)
    # Old text may be deleted; what is counted of such an entry is in the facts.
    shown = [entry for entry in entries if entry["text"] or session["entries_deleted_at"] is None]
    values = {
        "href": session_href(session_id),
        "head": build_head(session, place.profile),
        "deleted_at": session["entries_deleted_at"],
        "entry_days": place.settings.entry_days,
        "stretches": build_stretches(shown, owner=place.profile.owner, cited=cited, corrections=corrections),
        "first_entry": first,
        "last_entry": last,
        "entry_count": session["entry_count"],
        "judgements": judgements,
        "facet": facet,
        "is_unchanged": facet is not None and facet["content_hash"] == session["content_hash"],
        "tokens": store.load_tokens(connection, session_id),
        "relatives": _by_relation(store.load_relatives(connection, session_id)),
        "attempts": store.load_attempts(connection, session_id),
        "acts": corrections_store.load_corrections(connection, session_id)[::-1],
        "token": token,
        "can_correct": can_correct,
        "problem": problem,
        "zone": place.profile.zone,
    }
    response = render_page(request, place, "session.html", values, status=422 if problem else 200)
    keep_token(request, response, token)
    return response


def _find_session(connection: Connection, session_id: str) -> dict[str, Any]:
    session = store.load_session(connection, session_id) if "\0" not in session_id else None
    if session is None:
        raise HTTPException(404, "There is no such session: it was never synced, or somebody had it deleted.")
    return session


def _by_relation(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"parent": [], "before": [], "after": [], "subagent": []}
    for row in rows:
        found[row["relation"]].append(row | {"href": session_href(row["session_id"])})
    return found
