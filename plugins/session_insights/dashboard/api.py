"""The same data as JSON, for scripts: sessions with their facet, how facets spread, figures, reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request

from session_insights.aggregates.catalog import find_aggregates
from session_insights.dashboard.answers import (
    FacetStats,
    FacetValue,
    FigureSet,
    KeptSnapshot,
    Problem,
    ReadFacet,
    Session,
    SessionLine,
    SessionPage,
    Snapshot,
    SnapshotPage,
)
from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, desk
from session_insights.dashboard.filters import Filters
from session_insights.dashboard.sessions import count_rows, search_sessions
from session_insights.errors import SettingsError
from session_insights.profile import Profile
from session_insights.records import Facet
from session_insights.store import figures as figure_store
from session_insights.store import sessions as store
from session_insights.store.database import Connection
from session_insights.windows import Window, parse_day

LONGEST_DAYS = 366
LISTS = {"name"}  # parameters that may be given several times
_FACETS = tuple(field.name for field in fields(Facet))


def _problem(words: str) -> dict[str, Any]:
    return {"model": Problem, "description": words}


def refuse_repeats(request: Request) -> None:
    """A parameter that is given twice would count as given last, and nobody would hear of the first."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    repeated = sorted(name for name, times in given.items() if times > 1 and name not in LISTS)
    if repeated:
        raise HTTPException(422, f"{', '.join(repeated)}: given more than once.")


# What any answer may be instead.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: _problem("Not signed in"),
    403: _problem("No right to read these DAGs"),
    422: _problem("A parameter that is not understood, by name"),
    503: _problem("The database does not answer, or not in time"),
}
ONCE = [Depends(refuse_repeats)]
router = APIRouter(prefix="/api", tags=["Session Insights"], responses=PROBLEMS, dependencies=ONCE)
Reads = Annotated[Connection, Depends(reader)]
Place = Annotated[Desk, Depends(desk)]
Since = Annotated[str | None, Query(description="First local day, such as 2026-11-15.", max_length=40)]
Until = Annotated[str | None, Query(description="Last local day, included; today without it.", max_length=40)]


@router.get("/sessions", summary="Sessions that a filter leaves")
def list_sessions(connection: Reads, filters: Annotated[Filters, Query()]) -> SessionPage:
    """The same filters as the page of sessions has."""
    rows, following = search_sessions(connection, filters)
    return SessionPage(
        sessions=[SessionLine.model_validate(row) for row in rows],
        total_count=count_rows(rows),
        next=following,
    )


@router.get(
    "/sessions/facet-stats",
    summary="How facets spread",
    responses={422: _problem("A date that is none, or too many days")},
)
def facet_stats(connection: Reads, place: Place, since: Since = None, until: Until = None) -> FacetStats:
    """The last 30 days unless said otherwise."""
    window = _window(since, until, place.profile)
    rows = figure_store.load_facet_stats(connection, window)
    return FacetStats(
        since=window.start, until=window.last_day, values=[FacetValue.model_validate(row) for row in rows]
    )


@router.get(
    "/sessions/{session_id:path}",
    summary="One session with its facet",
    responses={404: _problem("There is no such session")},
)
def get_session(connection: Reads, session_id: str) -> Session:
    """A sub-agent's id has a slash."""
    row = store.load_session(connection, session_id) if "\0" not in session_id else None
    if row is None:
        raise HTTPException(404, "There is no such session: it was never synced, or somebody had it deleted.")
    return Session.model_validate(row | {"session_id": row["id"], "facet": _read_facet(row)})


@router.get(
    "/figures",
    summary="Figures of any days",
    responses={422: _problem("A date that is none, too many days, or a figure that there is not")},
)
def get_figures(
    connection: Reads,
    place: Place,
    since: Since = None,
    until: Until = None,
    name: Annotated[list[str] | None, Query(description="Only these aggregates.", max_length=50)] = None,
) -> FigureSet:
    """What a report of these days is made of, computed now. The last 30 days unless said otherwise."""
    window = _window(since, until, place.profile)
    known = [aggregate.name for aggregate in find_aggregates()]
    unknown = sorted(set(name or ()) - set(known))
    if unknown:
        raise HTTPException(422, f"name: no such figure: {', '.join(unknown)}; there are {', '.join(known)}.")
    figures = {each: figure_store.load_rows(connection, each, window) for each in known if not name or each in name}
    return FigureSet(since=window.start, until=window.last_day, figures=figures)


@router.get("/snapshots", summary="Reports", responses={422: _problem("`after` is not a place in this list")})
def list_snapshots(
    connection: Reads,
    after: Annotated[str | None, Query(description="`next` of the page before.", max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SnapshotPage:
    """Newest days first."""
    rows = figure_store.load_snapshots(connection, limit=limit + 1, before=_snapshot_place(after))
    last = rows[limit - 1] if len(rows) > limit else None
    return SnapshotPage(
        snapshots=[Snapshot.model_validate(row | _days(row)) for row in rows[:limit]],
        next=f"{last['period_end']}~{last['snapshot_id']}" if last else None,
    )


@router.get(
    "/snapshots/{snapshot_id}", summary="One report's figures and text", responses={404: _problem("No such report")}
)
def get_snapshot(connection: Reads, snapshot_id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> KeptSnapshot:
    """As they were kept when the report was made."""
    row = figure_store.load_snapshot(connection, snapshot_id)
    if row is None:
        raise HTTPException(404, "There is no such report.")
    return KeptSnapshot.model_validate(row | _days(row) | {"snapshot_id": row["id"], "figures": row["metrics"]})


def _window(since: str | None, until: str | None, profile: Profile) -> Window:
    today = datetime.now(UTC).astimezone(profile.zone).date()
    try:
        last = parse_day(until, "until") or today
        first = parse_day(since, "since") or max(last, date.min + timedelta(days=30)) - timedelta(days=29)
        window = Window(first, last + timedelta(days=1))
    except (SettingsError, OverflowError) as error:
        raise HTTPException(422, str(error)) from None
    if len(range((window.end - window.start).days)) > LONGEST_DAYS:
        raise HTTPException(422, f"since and until: at most {LONGEST_DAYS} days.")
    if window.start.year < 1900 or window.end.year > 9000:  # the window before it must be a date too
        raise HTTPException(422, "since and until: years from 1900 to 9000.")
    return window


def _snapshot_place(after: str | None) -> tuple[date, int] | None:
    if after is None:
        return None
    end, _, snapshot_id = after.partition("~")
    try:
        place = date.fromisoformat(end), int(snapshot_id)
    except ValueError:
        raise HTTPException(422, "after: not a place in this list; take `next` of the page before.") from None
    if not 0 < place[1] < 2**63:
        raise HTTPException(422, "after: not a place in this list; take `next` of the page before.")
    return place


def _days(row: dict[str, Any]) -> dict[str, date]:
    return {"since": row["period_start"], "until": row["period_end"] - timedelta(days=1)}


def _read_facet(row: dict[str, Any]) -> ReadFacet | None:
    facet = row["facet"]
    if facet is None:
        return None
    return ReadFacet(
        values=Facet(**{name: facet[name] for name in _FACETS}),
        reader=facet["reader"],
        model=facet["extraction_model"],
        prompt_version=facet["prompt_version"],
        is_current=facet["content_hash"] == row["content_hash"],
        corrected=sorted(facet["corrected"]),
    )
