"""Pages to the folder of reports, and to a bucket."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from session_insights.bucket import Bucket, ClientMaker, NoSuchBucket
from session_insights.errors import SettingsError
from session_insights.locations import S3Address, needs_room, split_object_path
from session_insights.windows import Window

Format = Literal["html", "markdown"]
# Both are made unless somebody chooses: the second takes milliseconds, and nobody has to run a report again for it.
# The first one made is the report's address.
ENDINGS: dict[Format, str] = {"html": ".html", "markdown": ".md"}
UPLOAD_SETTING = "SESSION_INSIGHTS_REPORTS_UPLOAD"
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
}


def choose_formats(wanted: Iterable[str] | None) -> list[Format]:
    """Those that were asked for, HTML before Markdown; both where nothing was.

    Raises:
        SettingsError: One of them is none that a report is made in, or the list is empty.
    """
    known = get_args(Format)
    chosen = set(known if wanted is None else wanted)
    if not chosen or (unknown := sorted(chosen - set(known))):
        what = f"'{unknown[0]}' is no format of a report" if chosen else "No format is chosen"
        raise SettingsError(f"{what}: formats are {' and '.join(known)}.")
    return [each for each in ENDINGS if each in chosen]


def name_report(period_type: str, window: Window) -> str:
    """The kind of period and the first day, such as `weekly-2026-11-15`; days that somebody chose have the last too."""
    name = f"{period_type}-{window.start}"
    return f"{name}-to-{window.last_day}" if period_type == "custom" else name


def publish_page(text: str, name: str, *, reports_dir: Path) -> Path:
    """Write a page, for its owner alone, so that a reader sees the old one or the new one, never half of one."""
    target = reports_dir / name
    with needs_room(reports_dir):
        _write_page(text, target, reports_dir)
    return target


def _write_page(text: str, target: Path, reports_dir: Path) -> None:
    reports_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _delete_unfinished(reports_dir, target.stem, age=timedelta(hours=1))
    handle, unfinished = tempfile.mkstemp(dir=reports_dir, prefix=f".{target.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(target)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def delete_pages(reports_dir: Path, period_type: str, window: Window) -> None:
    """Every format of a report; what was written to another folder is not ours to reach."""
    name = name_report(period_type, window)
    _delete_unfinished(reports_dir, name, age=timedelta(0))
    for page in reports_dir.glob(f"{name}.*"):
        page.unlink(missing_ok=True)


def _delete_unfinished(reports_dir: Path, stem: str, *, age: timedelta) -> None:
    """What killed writers of a page have left; a writer that lives is younger than `age`."""
    for page in reports_dir.glob(f".{stem}-*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - page.stat().st_mtime >= age.total_seconds():
                page.unlink()


def upload_page(
    text: str, name: str, *, address: S3Address, s3: ClientMaker, public_url: str | None, lifetime: timedelta
) -> str:
    """Put a page into a bucket, verified, and say where it can be read.

    Args:
        name: With its ending, which says what it is: `weekly-2026-11-15.html`.
        public_url: What addresses below `address` begin with when everybody may read them.
        lifetime: Of the link, when there is no such address: the page is private.
    """
    bucket = Bucket(s3(), address, UPLOAD_SETTING)
    content_type = _CONTENT_TYPES.get(Path(name).suffix, "application/octet-stream")
    bucket.put(name, io.BytesIO(text.encode("utf-8")), content_type=content_type)
    if public_url:
        return f"{public_url.rstrip('/')}/{quote(name)}"
    return bucket.link(name, lifetime=lifetime)


def delete_uploads(paths: Iterable[str], s3: ClientMaker) -> None:
    """Pages by their `s3://bucket/key`, wherever uploads go by now; a bucket that is gone has none."""
    for path in paths:
        address, key = split_object_path(path)
        with suppress(NoSuchBucket):
            Bucket(s3(), address, UPLOAD_SETTING).delete(key)
