"""Reports in a bucket: private, with a link; never instead of the page on disk; gone with a purge."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from session_insights import cli
from session_insights.errors import SettingsError
from session_insights.settings import load_settings
from session_insights.stages import reporting
from session_insights.store.database import Connection, execute
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.object_store import ObjectStore, damage_upload, refuse
from tests.helpers import sample_profile, sync_folder

BUCKET = "pages"
WEEK = ["--since", "2026-11-15", "--until", "2026-11-21", "--reader", "offline", "--json"]


@pytest.fixture
def reports_dir(
    object_store: ObjectStore,
    database_url: str,
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Where pages are; a week with a session, and an address to upload to."""
    object_store.make_bucket(BUCKET)
    records = transcript(
        user("about the xylophone"), assistant(), start=datetime(2026, 11, 17, 12, tzinfo=UTC), session_id="doomed-1"
    )
    write_transcript(tmp_path / "projects", records)
    sync_folder(connection, tmp_path / "projects")
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_DIR", str(tmp_path / "reports"))
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_UPLOAD", f"s3://{BUCKET}/insights/")
    return tmp_path / "reports"


def report(capsys: pytest.CaptureFixture[str], *more: str, code: int = 0) -> dict[str, Any]:
    assert cli.main(["report", *WEEK, *more]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def report_url(connection: Connection) -> str | None:
    [row] = execute(connection, "select report_url from insights.insights_snapshots")
    return row["report_url"]  # type: ignore[no-any-return]


def test_a_page_is_uploaded_under_its_name_and_opens_by_a_link_for_so_many_days(
    reports_dir: Path,
    connection: Connection,
    object_store: ObjectStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_LINK_DAYS", "2")
    answer = report(capsys, "--upload")
    page = (reports_dir / "weekly-2026-11-15.html").read_bytes()
    place = f"s3://{BUCKET}/insights/weekly-2026-11-15"
    assert answer["uploaded_to"] == [f"{place}.html", f"{place}.md"]
    assert "X-Amz-Expires=172800" in answer["report_url"]
    opened = httpx.get(answer["report_url"], trust_env=False)
    assert (opened.content, opened.headers["content-type"]) == (page, "text/html; charset=utf-8")
    assert datetime.fromisoformat(answer["expires_at"]) - datetime.now(UTC) < timedelta(days=2)
    grants = object_store.client.get_object_acl(Bucket=BUCKET, Key=object_store.keys(BUCKET)[0])["Grants"]
    assert not any("URI" in grant["Grantee"] for grant in grants), "nobody but the owner"
    assert report_url(connection) == answer["report_url"]


def test_a_public_address_takes_the_place_of_the_link(
    reports_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_PUBLIC_URL", "https://cdn.example.com/insights/")
    answer = report(capsys, "--upload")
    assert answer["report_url"] == "https://cdn.example.com/insights/weekly-2026-11-15.html"
    assert answer["expires_at"] is None


def test_markdown_is_uploaded_as_what_it_is_and_opens_by_a_link_of_its_own(
    reports_dir: Path, object_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = report(capsys, "--upload")
    opened = httpx.get(answer["report_urls"]["markdown"], trust_env=False)
    assert opened.content == Path(answer["paths"]["markdown"]).read_bytes()
    assert opened.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer["report_url"] == answer["report_urls"]["html"]


@pytest.mark.parametrize(("chosen", "ending"), [("html", ".html"), ("markdown", ".md")])
def test_only_the_format_that_was_chosen_is_made_and_its_address_kept(
    reports_dir: Path,
    connection: Connection,
    object_store: ObjectStore,
    capsys: pytest.CaptureFixture[str],
    chosen: str,
    ending: str,
) -> None:
    answer = report(capsys, "--format", chosen)
    assert [path.name for path in reports_dir.iterdir()] == [f"weekly-2026-11-15{ending}"]
    assert report_url(connection) == Path(answer["path"]).as_uri()
    answer = report(capsys, "--format", chosen, "--upload")
    assert object_store.keys(BUCKET) == [f"insights/weekly-2026-11-15{ending}"]
    assert report_url(connection) == answer["report_url"]


def test_a_run_that_does_not_want_an_upload_or_has_no_place_for_one_says_why(reports_dir: Path) -> None:
    settings = load_settings()
    assert reporting.why_no_upload({}, settings) is None
    assert "'upload' is off" in str(reporting.why_no_upload({"upload": False}, settings))
    nowhere = settings.model_copy(update={"reports_upload": None})
    assert "SESSION_INSIGHTS_REPORTS_UPLOAD" in str(reporting.why_no_upload({"upload": True}, nowhere))


def test_without_the_flag_nothing_is_uploaded(
    reports_dir: Path, object_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "report_url" not in report(capsys)
    assert object_store.keys(BUCKET) == []


def test_the_flag_without_an_address_is_said_before_anything_is_done(
    reports_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_UPLOAD", "")
    assert cli.main(["report", *WEEK, "--upload"]) == 2
    assert "SESSION_INSIGHTS_REPORTS_UPLOAD" in capsys.readouterr().err
    assert not reports_dir.exists()


def test_a_dead_bucket_leaves_the_page_and_says_where_it_is(
    reports_dir: Path, connection: Connection, object_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for fault in (refuse("503 Slow Down", "SlowDown"), refuse("404 Not Found", "NoSuchBucket"), damage_upload):
        with object_store.fault("PUT", f"/{BUCKET}", fault):
            answer = report(capsys, "--upload", code=1)
        assert "Not uploaded: s3://pages/insights" in answer["upload_error"]
        assert Path(answer["path"]).exists()
        assert answer["path"] in answer["summary"]
        assert report_url(connection) == Path(answer["path"]).as_uri()
    assert object_store.keys(BUCKET) == []


def test_uploading_again_replaces_the_page(
    reports_dir: Path, connection: Connection, object_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = report(capsys, "--upload"), report(capsys, "--upload")
    assert first["uploaded_to"] == second["uploaded_to"]
    assert len(object_store.keys(BUCKET)) == 2
    [row] = execute(connection, "select uploads from insights.insights_snapshots")
    assert row["uploads"] == first["uploaded_to"]


@pytest.mark.parametrize("whom", [["--session-id", "doomed-1"], ["--person", "xylophone"]])
def test_a_purge_deletes_uploaded_pages_wherever_uploads_go_by_now(
    reports_dir: Path,
    connection: Connection,
    object_store: ObjectStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    whom: list[str],
) -> None:
    report(capsys, "--upload")
    connection.execute('update insights.insights_snapshots set narrative = \'{"text": "the xylophone"}\'')
    monkeypatch.setenv("SESSION_INSIGHTS_REPORTS_UPLOAD", "s3://elsewhere/x")
    assert cli.main(["purge", *whom, "--dry-run"]) == 0
    assert len(object_store.keys(BUCKET)) == 2
    for trouble in (refuse("503 Slow Down", "SlowDown"), refuse("403 Forbidden", "AccessDenied")):
        with object_store.fault("DELETE", f"/{BUCKET}", trouble):
            assert cli.main(["purge", *whom]) == 2
    assert len(execute(connection, "select 1 from insights.insights_snapshots where metrics <> '{}'")) == 1
    assert cli.main(["purge", *whom]) == 0
    assert object_store.keys(BUCKET) == []
    assert list(reports_dir.iterdir()) == []
    assert execute(connection, "select uploads, report_url from insights.insights_snapshots") == [
        {"uploads": [], "report_url": None}
    ]


def test_a_purge_goes_on_when_the_bucket_itself_is_gone(
    reports_dir: Path, connection: Connection, object_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    report(capsys, "--upload")
    object_store.drop_bucket(BUCKET)
    assert cli.main(["purge", "--session-id", "doomed-1"]) == 0
    assert execute(connection, "select 1 from insights.claude_sessions") == []


def test_what_a_killed_upload_left_is_found_by_a_purge(
    reports_dir: Path,
    connection: Connection,
    object_store: ObjectStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = report(capsys)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("session_insights.store.figures.save_report_url", killed)
    with pytest.raises(KeyboardInterrupt):
        reporting.upload_report(connection, snapshot, settings=load_settings(), profile=sample_profile())
    assert len(object_store.keys(BUCKET)) == 2
    assert cli.main(["purge", "--session-id", "doomed-1"]) == 0
    assert object_store.keys(BUCKET) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_INSIGHTS_REPORTS_UPLOAD", "/srv/reports"),
        ("SESSION_INSIGHTS_REPORTS_UPLOAD", "https://bucket/x"),
        ("SESSION_INSIGHTS_REPORTS_PUBLIC_URL", "javascript:alert(1)"),
        ("SESSION_INSIGHTS_REPORTS_LINK_DAYS", "8"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()
