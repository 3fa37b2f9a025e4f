"""Raw transcript files, compressed and addressed by their content, so that a better parser can read them again.

Not masked: an archive holds what the files hold.

    <place>/<first 2 of digest>/<digest>.jsonl.zst        the bytes, up to a complete line
    <place>/<first 2 of digest>/<digest>.<source>.json    which file of which machine they were; one each

Source: docs/decisions/0008-archive.md, docs/decisions/0015-object-store.md
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from session_insights.bucket import StoredObject, UnreadableObject
from session_insights.errors import UnreadableTranscript
from session_insights.locations import needs_room
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.transcripts.copies import private_folder
from session_insights.transcripts.files import meta_path
from session_insights.transcripts.parsing import parse_file
from session_insights.transcripts.workers import KILLED, fetch_ahead, name_fault, side_by_side

_CHUNK = 1024 * 1024
_LEVEL = 3
_OBJECT = ".jsonl.zst"
_READERS = 8  # descriptions on their way
_TASK_FILES = 16


class Storage(Protocol):
    """What an archive needs of a place; `Folder` and `Bucket` have it. Names have slashes and are never a user's."""

    def list(self, start: str = "") -> Iterator[StoredObject]: ...

    def read(self, name: str) -> bytes: ...

    def download(self, name: str, target: Path) -> None: ...

    def size(self, name: str) -> int | None: ...

    def put(self, name: str, body: BinaryIO) -> None: ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True)
class Archived:
    """One file as it is in the archive."""

    digest: str  # BLAKE2b of the bytes, 32 hex characters
    size_bytes: int  # before compression
    stored_bytes: int
    replaced: tuple[str, ...] = ()  # digests of earlier versions that these bytes begin with


@dataclass(frozen=True)
class Source:
    """What was read: a file of a machine, and the bytes that the archive has of it."""

    file: TranscriptFile
    digest: str
    archived_at: float
    stored_bytes: int  # 0 when the bytes are gone
    meta: str | None = None  # the `.meta.json` beside a sub-agent's file


class Archive:
    """Objects and their descriptions, in a folder or in a bucket."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def put(
        self, file: TranscriptFile, place: Path, *, size_bytes: int, earlier: Iterable[tuple[int, str]] = ()
    ) -> Archived | None:
        """Store the first `size_bytes` of a file; None when the file is gone or shorter by now.

        Args:
            file: What the archive shall say of it.
            place: Where its bytes are on this disk.
            size_bytes: Up to the end of a line.
            earlier: (size_bytes, digest) of versions that are stored already.
        """
        # A file without a name: nothing of it is left when this process is killed.
        with needs_room(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as packed:
            written = _compress(place, size_bytes, dict(earlier), packed)
            if written is None:
                return None
            digest, replaced = written
            stored_bytes = self._storage.size(_object(digest))
            if stored_bytes is None:
                stored_bytes = packed.tell()
                self._storage.put(_object(digest), packed)
        told = {"digest": digest, "file": asdict(file), "meta": _read_meta(file, place), "archived_at": time.time()}
        self._storage.put(_description(file.machine, file.path, digest), io.BytesIO(json.dumps(told).encode()))
        return Archived(digest, size_bytes, stored_bytes, tuple(replaced))

    def list(self) -> list[Source]:
        """All sources, in no order."""
        sizes: dict[str, int] = {}
        descriptions: list[StoredObject] = []
        for found in self._storage.list():
            if found.name.endswith(_OBJECT):
                sizes[found.name] = found.size_bytes
            elif found.name.endswith(".json"):
                descriptions.append(found)

        def load(found: StoredObject) -> Source:
            told = json.loads(self._storage.read(found.name))
            return Source(
                TranscriptFile(**told["file"]),
                told["digest"],
                told.get("archived_at", found.changed_at.timestamp()),
                sizes.get(_object(told["digest"]), 0),
                told["meta"],
            )

        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(load, descriptions))

    def download(self, digest: str, target: Path) -> None:
        """An object to this disk, still compressed.

        Raises:
            UnreadableObject: It is gone.
        """
        self._storage.download(_object(digest), target)

    def drop(self, machine: str, path: str, digest: str) -> None:
        """Forget a source; its bytes go with the last one."""
        self._storage.delete(_description(machine, path, digest))
        if not any(found.name.endswith(".json") for found in self._storage.list(f"{digest[:2]}/{digest}.")):
            self._storage.delete(_object(digest))


def _object(digest: str) -> str:
    return f"{digest[:2]}/{digest}{_OBJECT}"


def _description(machine: str, path: str, digest: str) -> str:
    source = hashlib.blake2b(f"{machine}\0{path}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{digest[:2]}/{digest}.{source}.json"


def _compress(path: Path, size_bytes: int, earlier: dict[int, str], stored: BinaryIO) -> tuple[str, list[str]] | None:
    """(digest, earlier digests that are a beginning of it); a megabyte at a time."""
    digest = hashlib.blake2b(digest_size=16)
    stops = sorted(size for size in earlier if size < size_bytes)
    replaced: list[str] = []
    left, done = size_bytes, 0
    try:
        plain = path.open("rb")
    except OSError:
        return None
    with (
        plain,
        zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(stored, closefd=False) as packed,
    ):
        while left:
            try:
                chunk = plain.read(min(_CHUNK, left, stops[0] - done if stops else left))
            except OSError:
                chunk = b""
            if not chunk:
                return None
            digest.update(chunk)
            packed.write(chunk)
            left -= len(chunk)
            done += len(chunk)
            if stops and done == stops[0]:
                size = stops.pop(0)
                replaced += [earlier[size]] if digest.hexdigest() == earlier[size] else []
    return digest.hexdigest(), replaced


def _decompress(packed: Path, digest: str, target: Path) -> None:
    """Raises OSError when the bytes are not what the name says."""
    found = hashlib.blake2b(digest_size=16)
    with packed.open("rb") as stored, target.open("wb") as plain:
        # An object that was cut off ends without an error, so its bytes are counted against its name.
        for chunk in zstandard.ZstdDecompressor().read_to_iter(stored, write_size=_CHUNK):
            found.update(chunk)
            plain.write(chunk)
    if found.hexdigest() != digest:
        raise OSError("damaged: its bytes are not those that were stored")


def _read_meta(file: TranscriptFile, place: Path) -> str | None:
    if file.agent_id is None:
        return None
    try:
        return meta_path(place).read_bytes()[:65_536].decode("utf-8", "replace")
    except OSError:
        return None


def newest_sources(sources: Iterable[Source]) -> list[Source]:
    """The last version of each file, largest first."""
    newest: dict[tuple[str, str], Source] = {}
    for source in sources:
        key = (source.file.machine, source.file.path)
        if key not in newest or source.archived_at > newest[key].archived_at:
            newest[key] = source
    return sorted(newest.values(), key=lambda source: (-source.file.size_bytes, source.file.path))


def read_archived(
    archive: Archive, sources: Sequence[Source], *, entry_characters: int, processes: int
) -> Iterator[ParsedFile | str]:
    """Read archived files again, or say why one cannot be read. Order is not kept."""
    numbers = itertools.count()
    with private_folder() as folder:

        def fetch(source: Source) -> Path | str:
            packed = folder / f"{next(numbers)}{_OBJECT}"
            try:
                archive.download(source.digest, packed)
            except (OSError, UnreadableObject) as error:
                return _name_failure(source, error)
            return packed

        tasks = (list(sources[start : start + _TASK_FILES]) for start in range(0, len(sources), _TASK_FILES))
        read = partial(_read_one, entry_characters=entry_characters)
        yield from side_by_side(
            fetch_ahead(tasks, fetch),
            read,
            processes=processes if len(sources) > 1 else 1,
            killed=lambda source: _name_failure(source, KILLED),
        )


def _read_one(source: Source, packed: Path | str, *, entry_characters: int) -> ParsedFile | str:
    """Through a file of its own, so that a parser needs to know nothing of archives."""
    if isinstance(packed, str):
        return packed
    plain = packed.with_name(packed.name.removesuffix(_OBJECT) + ".jsonl")
    try:
        _decompress(packed, source.digest, plain)
        if source.meta is not None:
            meta_path(plain).write_text(source.meta, "utf-8")
        return parse_file(source.file, entry_characters=entry_characters, place=plain, is_packed=True)
    except (OSError, zstandard.ZstdError, UnreadableTranscript) as error:
        return _name_failure(source, error)
    except Exception as error:  # a fault of ours, in one file
        return _name_failure(source, name_fault(error))
    finally:
        for used in (packed, plain, meta_path(plain)):
            used.unlink(missing_ok=True)


def _name_failure(source: Source, error: Exception | str) -> str:
    return f"{source.file.path}: archived as {source.digest}: {error}"
