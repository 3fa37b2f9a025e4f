"""A bucket over a real socket: what arrives is what was sent, and what goes wrong says what to do."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from session_insights.bucket import Bucket, ObjectStoreError, UnreadableObject, environment_client
from session_insights.errors import InsightsError, SettingsError
from session_insights.locations import S3Address, parse_location
from tests.fakes.object_store import Fault, ObjectStore, cut_off, damage_upload, refuse

ADDRESS = S3Address("team", "a/b")


def open_bucket(address: S3Address = ADDRESS) -> Bucket:
    return Bucket(environment_client(), address, "SESSION_INSIGHTS_ARCHIVE")


@pytest.fixture
def bucket(object_store: ObjectStore) -> Bucket:
    object_store.make_bucket("team")
    return open_bucket()


def test_what_is_put_is_below_the_prefix_and_comes_back(
    bucket: Bucket, object_store: ObjectStore, tmp_path: Path
) -> None:
    bucket.put("x/y.html", io.BytesIO(b"<p>hi</p>"), content_type="text/html")
    object_store.put("team", "a/bc/neighbor", "not ours")
    assert object_store.keys("team") == ["a/b/x/y.html", "a/bc/neighbor"]
    assert object_store.client.head_object(Bucket="team", Key="a/b/x/y.html")["ContentType"] == "text/html"
    [found] = bucket.list()
    assert (found.name, found.size_bytes) == ("x/y.html", 9)
    assert bucket.read("x/y.html") == b"<p>hi</p>"
    bucket.download("x/y.html", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"<p>hi</p>"
    assert (bucket.size("x/y.html"), bucket.size("x/z.html")) == (9, None)
    bucket.delete("x/y.html")
    bucket.delete("x/y.html")
    assert object_store.keys("team") == ["a/bc/neighbor"]


def test_a_link_opens_a_private_object_and_is_of_the_kind_that_every_store_takes(bucket: Bucket) -> None:
    bucket.put("week.html", io.BytesIO(b"page"))
    link = bucket.link("week.html", lifetime=timedelta(days=7))
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert "X-Amz-Expires=604800" in link
    assert httpx.get(link, trust_env=False).content == b"page"


def test_an_upload_that_arrives_damaged_is_deleted_and_said(bucket: Bucket, object_store: ObjectStore) -> None:
    with (
        object_store.fault("PUT", "/team/a/b/week.html", damage_upload),
        pytest.raises(ObjectStoreError, match=r"s3://team/a/b/week\.html: arrived damaged"),
    ):
        bucket.put("week.html", io.BytesIO(b"the page"))
    assert object_store.keys("team") == []


def test_the_store_is_told_the_checksum(bucket: Bucket, object_store: ObjectStore) -> None:
    sent: list[str] = []

    def look(environ: dict[str, str], start_response: object, store: object) -> object:
        sent.append(environ["HTTP_CONTENT_MD5"])
        return store(environ, start_response)  # type: ignore[operator]

    with object_store.fault("PUT", "/team", look):  # type: ignore[arg-type]
        bucket.put("x", io.BytesIO(b"abc"))
    assert sent == ["kAFQmDzST7DWlj99KOF/cg=="]


def test_a_body_that_breaks_off_is_read_again_and_at_last_said(
    bucket: Bucket, object_store: ObjectStore, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 5_000
    object_store.put("team", "a/b/big", body)
    with object_store.fault("GET", "/team/a/b/big", cut_off(times=2)):
        bucket.download("big", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == body
    with object_store.fault("GET", "/team/a/b/big", cut_off(times=3)), pytest.raises(ObjectStoreError, match="s3://"):
        bucket.download("big", tmp_path / "copy")


def test_a_bucket_that_is_not_there_names_address_and_setting(object_store: ObjectStore) -> None:
    for act in (lambda: list(open_bucket().list()), lambda: open_bucket().put("x", io.BytesIO(b""))):
        with pytest.raises(SettingsError, match=r"s3://team/a/b \(SESSION_INSIGHTS_ARCHIVE\): there is no such bucket"):
            act()


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (refuse("403 Forbidden", "SignatureDoesNotMatch"), SettingsError, "session_insights_s3"),
        (refuse("403 Forbidden", "InvalidAccessKeyId"), SettingsError, "AWS_ACCESS_KEY_ID"),
        (refuse("403 Forbidden", "AccessDenied"), SettingsError, "access denied"),
        (refuse("301 Moved", "PermanentRedirect"), SettingsError, "another region"),
        (refuse("503 Slow Down", "SlowDown"), ObjectStoreError, "SlowDown"),
        (refuse("500 Oops", "InternalError"), ObjectStoreError, "InternalError"),
    ],
)
def test_an_error_of_the_store_says_whether_trying_again_helps(
    bucket: Bucket, object_store: ObjectStore, fault: Fault, error: type[InsightsError], said: str
) -> None:
    with object_store.fault("GET", "/team", fault), pytest.raises(error, match=said):
        list(bucket.list())


def test_one_object_that_is_not_ours_to_read_is_no_wrong_setting(bucket: Bucket, object_store: ObjectStore) -> None:
    with object_store.fault("GET", "/team/", refuse("403 Forbidden", "AccessDenied")), pytest.raises(UnreadableObject):
        bucket.read("x")
    with pytest.raises(UnreadableObject, match="NoSuchKey"):
        bucket.read("x")


def test_no_key_at_all_names_where_to_put_one(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    script = (
        "from session_insights.bucket import *\n"
        "try: list(Bucket(environment_client(), S3Address('team'), 'X').list())\n"
        "except SettingsError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "connection session_insights_s3 in Airflow" in done.stdout


def test_a_store_that_does_not_answer_may_answer_later(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(ObjectStoreError, match="s3://team/a/b: "):
        list(open_bucket().list())


def test_an_endpoint_that_is_no_address_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "spaces")
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL_S3"):
        environment_client()


@pytest.mark.parametrize("text", ["s3://", "s3:///x", "s3://a/x", "gs://bucket/x", "https://bucket.example/x"])
def test_an_address_without_a_bucket_is_refused_by_the_name_of_its_setting(text: str) -> None:
    with pytest.raises(SettingsError, match=r"SESSION_INSIGHTS_X: .* s3://bucket/prefix"):
        parse_location(text, "SESSION_INSIGHTS_X")


def test_a_key_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        parse_location("s3://AKIA:hunter2@bucket/x", "SESSION_INSIGHTS_X")
    assert "hunter2" not in str(refused.value)


def test_boto3_is_loaded_only_when_there_is_an_address() -> None:
    script = "import sys, session_insights.cli; print({'boto3', 'botocore'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "set()\n"
