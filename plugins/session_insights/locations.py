"""Where something is kept: a folder of this machine, or a prefix in a bucket of an S3-compatible object store."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from session_insights.errors import NoRoom, SettingsError

_SCHEME = "s3://"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


@dataclass(frozen=True)
class S3Address:
    """`s3://bucket/prefix`; what is below it has keys that begin with the prefix and a slash."""

    bucket: str
    prefix: str = ""  # no slash at its ends; empty means the whole bucket

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}".rstrip("/")


Location = Path | S3Address


@contextmanager
def needs_room(folder: Path) -> Iterator[None]:
    """Around what writes below a folder.

    Raises:
        NoRoom: Its disk, or this user's share of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoRoom(f"{folder} has no room left: free some there, then do the same again.") from None


def is_in_bucket(path: str) -> bool:
    return path.startswith(_SCHEME)


def parse_location(text: str, setting: str) -> Location:
    """A folder, or `s3://bucket/prefix`.

    Raises:
        SettingsError: Another scheme, or no name of a bucket; names the setting, and nothing that may be a password.
    """
    if "://" not in text:
        return Path(text).expanduser().absolute()
    bucket, _, prefix = text.removeprefix(_SCHEME).partition("/")
    if not is_in_bucket(text) or not _BUCKET.fullmatch(bucket):
        shown = re.sub(r"//.*@", "//…@", text)
        raise SettingsError(f"{setting}: {shown} is neither a folder nor s3://bucket/prefix.")
    return S3Address(bucket, prefix.strip("/"))


def split_object_path(path: str) -> tuple[S3Address, str]:
    """The bucket and the key of `s3://bucket/key`."""
    bucket, _, key = path.removeprefix(_SCHEME).partition("/")
    return S3Address(bucket), key
