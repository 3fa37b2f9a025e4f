"""Reports that were made: listed, and shown so that nothing in them can act."""

from __future__ import annotations

from datetime import date

from fastapi.testclient import TestClient

from session_insights.settings import Settings
from session_insights.stages import reporting
from session_insights.store.database import Connection
from session_insights.windows import Window
from tests.dashboard.pages.building import NOON, add_session
from tests.helpers import sample_profile

WEEK = Window(date(2026, 11, 15), date(2026, 11, 22))
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(2))"


def make_report(connection: Connection) -> int:
    """A weekly report, as its DAG makes it, read by nobody."""
    profile = sample_profile()
    snapshot = reporting.open_snapshot(connection, "weekly", WEEK)
    for name in reporting.aggregate_names("weekly"):
        reporting.refresh_figure(connection, snapshot, name)
    reporting.write_narrative(
        connection, snapshot, {"reader": "offline"}, settings=Settings(), profile=profile, claude=None
    )
    return int(snapshot["snapshot_id"])


def test_reports_are_listed_with_their_coverage_and_lead_to_their_page(
    client: TestClient, connection: Connection
) -> None:
    add_session(connection, "s", ended_at=NOON, facet={"outcome": "fully_achieved"})
    add_session(connection, "t", ended_at=NOON)
    snapshot_id = make_report(connection)
    page = client.get("/reports").text
    assert f'<a href="/reports/{snapshot_id}">15 to 21 November 2026</a>' in page
    assert "1 of 2" in page
    framed = client.get(f"/reports/{snapshot_id}")
    assert framed.status_code == 200
    assert f'sandbox src="/reports/{snapshot_id}/page"' in framed.text
    assert '<a href="/reports" aria-current="page">' in framed.text
    assert "weekly report for Alex" in client.get(f"/reports/{snapshot_id}/page").text


def test_a_report_is_sandboxed_and_hostile_titles_stay_text(client: TestClient, connection: Connection) -> None:
    add_session(
        connection, "s", ended_at=NOON, title=HOSTILE, facet={"friction_detail": HOSTILE, "brief_summary": HOSTILE}
    )
    answer = client.get(f"/reports/{make_report(connection)}/page")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<script" not in answer.text


def test_a_report_without_a_text_is_no_link_and_says_what_to_do(client: TestClient, connection: Connection) -> None:
    snapshot_id = reporting.open_snapshot(connection, "weekly", WEEK)["snapshot_id"]
    assert f'href="/reports/{snapshot_id}"' not in client.get("/reports").text
    for path in (f"/reports/{snapshot_id}", f"/reports/{snapshot_id}/page"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "run its DAG" in answer.text
    assert client.get("/reports/999").status_code == 404


def test_no_report_yet_says_when_the_first_one_comes(client: TestClient) -> None:
    assert "makes the first one on Sunday" in client.get("/reports").text
