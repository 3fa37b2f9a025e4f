"""Transcripts in a bucket, the same tree as on disk: which there are, told by one listing; nothing is opened."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from session_insights.bucket import Bucket, ClientMaker, StoredObject
from session_insights.locations import Location, S3Address
from session_insights.records import TranscriptFile
from session_insights.transcripts.files import META, find_transcripts, holds_transcript, identify
from session_insights.transcripts.lines import clean

_log = logging.getLogger(__name__)


def find_files(machine: str, root: Location, s3: ClientMaker, *, project: str | None = None) -> list[TranscriptFile]:
    """The transcripts of a source, wherever it is, or those in one folder of it."""
    if isinstance(root, Path):
        return find_transcripts(machine, root, project=project)
    return find_objects(machine, root, Bucket(s3(), root, "SESSION_INSIGHTS_SOURCES"), project=project)


def find_objects(
    machine: str, address: S3Address, bucket: Bucket, *, project: str | None = None
) -> list[TranscriptFile]:
    """Every `*.jsonl` below an address, sorted by path, by the rules of a folder; `path` is `s3://bucket/key`.

    Raises:
        SettingsError: The bucket is not there, or not ours to list.
        ObjectStoreError: The listing broke off, so nothing is known of what is gone.
    """
    start = f"{project}/" if project is not None else ""
    listed = {found.name: found for found in bucket.list(start) if found.name.endswith((".jsonl", META))}
    files = []
    for name, found in listed.items():
        if name.endswith(META):
            continue
        if clean(name) != name or ".." in name.split("/"):
            _log.warning("not read: %r in %s; Claude Code writes no such name", name, address)
        elif holds_transcript(name):
            session_id, parent, agent_id = identify(name)
            meta = listed.get(name.removesuffix(".jsonl") + META) if agent_id is not None else None
            path = f"{address}/{name}"
            stamp = _stamp(found, *([meta] if meta else []))
            files.append(TranscriptFile(machine, path, found.size_bytes, stamp, session_id, parent, agent_id))
    return sorted(files, key=lambda file: file.path)


def _stamp(*objects: StoredObject) -> int:
    """When they changed, to the second; the digits below it tell apart what changed within one second."""
    second = max(int(found.changed_at.timestamp()) for found in objects)
    tags = hashlib.blake2b("\0".join(found.etag for found in objects).encode(), digest_size=8).digest()
    return second * 1_000_000_000 + int.from_bytes(tags) % 1_000_000_000
