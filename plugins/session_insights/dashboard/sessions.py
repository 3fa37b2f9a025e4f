"""The list of sessions: filtered, searched, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, desk, render_page
from session_insights.dashboard.excerpts import Piece, build_excerpt
from session_insights.dashboard.filters import Filters, make_place, parse_filters
from session_insights.dashboard.wordings import outcome_words
from session_insights.errors import SettingsError
from session_insights.profile import Profile
from session_insights.reports.colours import business_colour
from session_insights.store import sessions as store
from session_insights.store.database import Connection
from session_insights.wording import cents, duration, moment, shorten

router = APIRouter()
# Counting all that a wide filter leaves would read all of history.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class SessionLine:
    """One row of the list, in words; None is unknown."""

    href: str  # below the dashboard's own address
    title: str
    is_automated: bool
    business: str | None
    colour: str | None
    last_spoken: str | None
    active: str
    outcome: str | None
    has_failed: bool
    corrections: str | None
    cost: str | None
    summary: str | None
    excerpt: tuple[Piece, ...]
    hit_entry: int | None


@dataclass(frozen=True)
class Listing:
    """A page of the list."""

    lines: tuple[SessionLine, ...]
    total_count: int | None  # None: more than MOST_COUNTED
    next_link: str | None


def search_sessions(connection: Connection, filters: Filters) -> tuple[list[dict[str, Any]], str | None]:
    """Rows of one page, and `after` of the next one."""
    after_value, after_id = filters.place
    said = filters.model_dump(exclude={"q", "sort", "after", "limit"})
    needs_days = bool(filters.since or filters.until)
    rows = store.load_page(
        connection,
        said
        | {
            "words": filters.q,
            "sort_by": filters.sort,
            "needs_days": needs_days,
            "has_order": filters.sort == "last_spoken" and not needs_days and filters.q is None,
            "after_value": after_value,
            "after_id": after_id,
            "result_limit": filters.limit + 1,
            "count_limit": MOST_COUNTED + 1,
        },
    )
    has_more = len(rows) > filters.limit
    rows = rows[: filters.limit]
    return rows, make_place(rows[-1]["sort_value"], rows[-1]["session_id"]) if has_more else None


def build_listing(
    rows: Sequence[Mapping[str, Any]],
    following: str | None,
    filters: Filters,
    profile: Profile,
    *,
    hits: Mapping[str, Mapping[str, Any]],
    stems: Sequence[str],
) -> Listing:
    """Rows as they are shown; a hit's excerpt is of what the session said, else of its summary."""
    return Listing(
        lines=tuple(_build_line(row, profile, hits.get(row["session_id"]), stems) for row in rows),
        total_count=count_rows(rows),
        next_link=filters.link(after=following) if following else None,
    )


def count_rows(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """How many sessions the filter leaves; None where these are more than are counted."""
    count: int = rows[0]["total_count"] if rows else 0
    return count if count <= MOST_COUNTED else None


def session_href(session_id: str) -> str:
    """An id may have any character; a sub-agent's has a slash, which stays."""
    return f"/sessions/{quote(session_id, safe='/')}"


def _build_line(
    row: Mapping[str, Any], profile: Profile, hit: Mapping[str, Any] | None, stems: Sequence[str]
) -> SessionLine:
    spoken: datetime | None = row["last_spoken_at"]
    excerpt = build_excerpt(hit["text"], stems) if hit else build_excerpt(row["brief_summary"] or "", stems)
    return SessionLine(
        href=session_href(row["session_id"]),
        title=shorten(row["title"] or row["session_id"], 120),
        is_automated=row["category"] == "automated",
        business=row["business"],
        colour=business_colour(profile, row["business"]),
        last_spoken=moment(spoken, profile.zone) if spoken else None,
        active=duration(row["active_minutes"]),
        outcome=outcome_words(row["outcome"]),
        has_failed=row["has_failed"],
        corrections=None if row["course_corrections"] is None else str(row["course_corrections"]),
        cost=None if row["cost_usd"] is None else cents(row["cost_usd"]),
        summary=shorten(row["brief_summary"], 200) if row["brief_summary"] else None,
        excerpt=excerpt,
        hit_entry=hit["entry_no"] if hit and excerpt else None,
    )


@router.get("/sessions", response_class=HTMLResponse)
def show_sessions(
    request: Request,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
) -> HTMLResponse:
    """A wrong filter is named above the list that it would have given without any."""
    problem = None
    try:
        filters = parse_filters(dict(request.query_params))
    except SettingsError as error:
        filters, problem = Filters(), str(error)
    stems = store.load_stems(connection, filters.q) if filters.q else []
    rows, following = ([], None) if problem else search_sessions(connection, filters)
    hits = store.load_hits(connection, [row["session_id"] for row in rows], stems) if stems else {}
    listing = build_listing(rows, following, filters, place.profile, hits=hits, stems=stems)
    values = {
        "filters": filters,
        "listing": listing,
        "problem": problem,
        "has_only_stop_words": bool(filters.q) and not stems,
        "choices": store.load_choices(connection),
        "businesses": [business.slug for business in place.profile.businesses],
    }
    return render_page(request, place, "sessions.html", values, status=422 if problem else 200)
