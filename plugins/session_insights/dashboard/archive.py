"""The reports that were made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import HTMLResponse

from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, desk, render_page
from session_insights.errors import SettingsError
from session_insights.store import figures as store
from session_insights.store.database import Connection

router = APIRouter()
SnapshotId = Annotated[int, Path(ge=1, le=2**63 - 1)]
MOST = 500
# A report shows words of transcripts and of a model: nothing in it may run, or act as the person who is signed in.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@router.get("/reports", response_class=HTMLResponse)
def show_reports(
    request: Request,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
) -> HTMLResponse:
    """Newest days first."""
    values = {"snapshots": store.load_snapshots(connection, limit=MOST), "zone": place.profile.zone}
    return render_page(request, place, "reports.html", values)


@router.get("/reports/{snapshot_id}", response_class=HTMLResponse)
def show_report(
    request: Request,
    snapshot_id: SnapshotId,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
) -> HTMLResponse:
    """A report below the navigation: Airflow's own frame has no way back."""
    row = store.load_snapshot(connection, snapshot_id)
    if row is None or row["narrative"] is None:
        raise HTTPException(404, "There is no such report, or it has no text yet: run its DAG for these days.")
    return render_page(request, place, "report.html", {"row": row, "snapshot_id": snapshot_id})


@router.get("/reports/{snapshot_id}/page", response_class=HTMLResponse)
def show_report_page(
    snapshot_id: SnapshotId,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
) -> HTMLResponse:
    """Made anew from its snapshot: the same page as on the day, wherever it was published."""
    try:
        page = place.render_report(connection, snapshot_id)
    except SettingsError as error:
        raise HTTPException(404, str(error)) from None
    return HTMLResponse(page, headers={"Content-Security-Policy": SANDBOX, "X-Content-Type-Options": "nosniff"})
