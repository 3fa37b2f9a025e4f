"""A place in an S3-compatible object store. Knows no Airflow; boto3 is imported when there is an address to reach."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from session_insights.errors import InsightsError, SettingsError
from session_insights.locations import S3Address

if TYPE_CHECKING:
    from botocore.config import Config
    from types_boto3_s3 import S3Client

ClientMaker = Callable[[], "S3Client"]

_CHUNK = 1024 * 1024
_READ_TRIES = 3
_CREDENTIALS = "the connection session_insights_s3 in Airflow, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY elsewhere"
_WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "InvalidClientTokenId"}
_WRONG_PLACE = {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_DENIED = {"AccessDenied", "403", "AllAccessDisabled"}
_UNREADABLE = {"NoSuchKey", "404", "InvalidObjectState", *_DENIED}


class ObjectStoreError(InsightsError):
    """The object store does not answer, or answered badly; the same may work later."""


class NoSuchBucket(SettingsError):
    """The bucket is not there."""


class UnreadableObject(InsightsError):
    """One object is gone, locked or not ours to read; others may be fine."""


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing shows it."""

    name: str  # below the place that was listed
    size_bytes: int
    changed_at: datetime  # whole seconds in many stores
    etag: str  # differs when the content does


def client_config() -> Config:
    """What every S3-compatible store understands; a connection's own `config_kwargs` win over it."""
    from botocore.config import Config

    return Config(
        signature_version="s3v4",  # links of the older kind are refused by newer regions and stores
        connect_timeout=10,
        max_pool_connections=16,
        # Trailing checksums, boto3's default, are refused by several stores; `put` verifies by MD5, which all know.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def environment_client() -> S3Client:
    """A client by boto3's own chain: `AWS_*` with `AWS_ENDPOINT_URL_S3`, profiles, the machine's role."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.client("s3", config=client_config())
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no address
        raise SettingsError(f"Object store: {error}; correct AWS_ENDPOINT_URL_S3 or AWS_PROFILE.") from None


class Bucket:
    """What is below an address. Several threads may use it; a worker process may not be given it.

    Raises (every method):
        SettingsError: No such bucket, or the key does not open it; names the address and the setting.
        ObjectStoreError: The network or the store is in trouble.
    """

    def __init__(self, client: S3Client, address: S3Address, setting: str) -> None:
        self._client = client
        self._address = address
        self._setting = setting  # where the address stands, for messages
        self._start = f"{address.prefix}/" if address.prefix else ""

    def list(self, start: str = "") -> Iterator[StoredObject]:
        """Objects whose name begins with `start`, by name."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._address.bucket, Prefix=self._start + start
        )
        with self._explained():
            for page in pages:
                for found in page.get("Contents", []):
                    name = found["Key"].removeprefix(self._start)
                    yield StoredObject(name, found["Size"], found["LastModified"], found["ETag"].strip('"'))

    def read(self, name: str) -> bytes:
        """A small object whole.

        Raises:
            UnreadableObject: It is gone or not ours to read.
        """
        with self._explained(name):
            return self._client.get_object(Bucket=self._address.bucket, Key=self._start + name)["Body"].read()

    def download(self, name: str, target: Path) -> None:
        """One version of an object, whole, into a file; a megabyte in memory at a time.

        Raises:
            UnreadableObject: It is gone or not ours to read.
        """
        from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

        for is_last in (False,) * (_READ_TRIES - 1) + (True,):
            with self._explained(name), target.open("wb") as file:
                # One request, so that an object that is replaced meanwhile is never half old and half new.
                answer = self._client.get_object(Bucket=self._address.bucket, Key=self._start + name)
                try:
                    for chunk in answer["Body"].iter_chunks(_CHUNK):
                        file.write(chunk)
                    return
                except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                    # The client tries requests again by itself, not a body that breaks off.
                    if is_last:
                        raise

    def size(self, name: str) -> int | None:
        """None when there is no such object."""
        try:
            with self._explained(name):
                return self._client.head_object(Bucket=self._address.bucket, Key=self._start + name)["ContentLength"]
        except UnreadableObject:
            return None

    def put(self, name: str, body: BinaryIO, *, content_type: str = "application/octet-stream") -> None:
        """Store a seekable body of at most 5 GB, whole or not at all; private unless the bucket says otherwise.

        Raises:
            ObjectStoreError: What arrived is not what was sent.
        """
        body.seek(0)
        sent = hashlib.md5(usedforsecurity=False)
        while chunk := body.read(_CHUNK):
            sent.update(chunk)
        body.seek(0)
        with self._explained():
            answer = self._client.put_object(
                Bucket=self._address.bucket,
                Key=self._start + name,
                Body=body,
                ContentType=content_type,
                ContentMD5=base64.b64encode(sent.digest()).decode(),
            )
        # A store that passes over Content-MD5 still says what it has, unless the object is encrypted with a key.
        is_plain = answer.get("ServerSideEncryption") in (None, "AES256") and "SSECustomerAlgorithm" not in answer
        if is_plain and answer["ETag"].strip('"') != sent.hexdigest():
            self.delete(name)
            raise ObjectStoreError(f"{self._address}/{name}: arrived damaged, so it was deleted; try again.")

    def delete(self, name: str) -> None:
        """Also when there is none."""
        with self._explained():
            self._client.delete_object(Bucket=self._address.bucket, Key=self._start + name)

    def link(self, name: str, *, lifetime: timedelta) -> str:
        """An address that opens a private object for whoever has it."""
        with self._explained():
            return self._client.generate_presigned_url(
                "get_object",
                Params={"Bucket": self._address.bucket, "Key": self._start + name},
                ExpiresIn=int(lifetime.total_seconds()),
            )

    @contextmanager
    def _explained(self, name: str | None = None) -> Iterator[None]:
        """Errors of the library as errors of ours; `name` when one object is read."""
        from botocore import exceptions as boto

        try:
            yield
        except boto.ClientError as error:
            raise self._explain(error.response["Error"].get("Code", "?"), str(error), name) from error
        except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError) as error:
            raise SettingsError(f"{self._address} ({self._setting}): {error}; give a key: {_CREDENTIALS}.") from error
        except (boto.ParamValidationError, boto.NoRegionError) as error:
            raise SettingsError(f"{self._address} ({self._setting}): {error}") from error
        except boto.BotoCoreError as error:
            raise ObjectStoreError(f"{self._address}: {error}") from error

    def _explain(self, code: str, text: str, name: str | None) -> InsightsError:
        place = f"{self._address} ({self._setting})"
        if code == "NoSuchBucket":
            return NoSuchBucket(f"{place}: there is no such bucket; create it or correct the address.")
        if code in _WRONG_KEY:
            return SettingsError(f"{place}: the key is not accepted ({code}); correct {_CREDENTIALS}.")
        if code in _WRONG_PLACE:
            return SettingsError(f"{place}: the bucket is in another region ({text}); correct region or endpoint.")
        if name is not None and code in _UNREADABLE:
            return UnreadableObject(f"{self._address}/{name}: cannot be read ({code})")
        if code in _DENIED:
            return SettingsError(f"{place}: access denied; the key needs list, get, put and delete for this prefix.")
        return ObjectStoreError(f"{self._address}: {text}")
