"""Raw transcript files, compressed and addressed by their content, so that a better parser can read them again.

Not masked: an archive holds what the files hold. Its folders are 0700 and its files 0600.

    <folder>/<first 2 of digest>/<digest>.jsonl.zst        the bytes, up to a complete line
    <folder>/<first 2 of digest>/<digest>.<source>.json    which file of which machine they were; one each

Source: docs/decisions/0008-archive.md
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import zstandard

from session_insights.errors import UnreadableTranscript
from session_insights.records import ParsedFile, TranscriptFile
from session_insights.transcripts.parsing import parse_file

_CHUNK = 1024 * 1024
_LEVEL = 3


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
    meta: str | None = None  # the `.meta.json` beside a sub-agent's file


class FolderArchive:
    """An archive in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: TranscriptFile, *, size_bytes: int, earlier: Iterable[tuple[int, str]] = ()) -> Archived | None:
        """Store the first `size_bytes` of a file; None when the file is gone or shorter by now.

        Args:
            file: Where it is, and what the archive shall say of it.
            size_bytes: Up to the end of a line.
            earlier: (size_bytes, digest) of versions that are stored already.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stored:
                written = _compress(Path(file.path), size_bytes, dict(earlier), stored)
            if written is None:
                return None
            digest, replaced = written
            target = self._object(digest)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            if not target.exists():
                Path(unfinished).replace(target)
            self._describe(file, digest)
            return Archived(digest, size_bytes, target.stat().st_size, tuple(replaced))
        finally:
            Path(unfinished).unlink(missing_ok=True)

    def get(self, digest: str, target: Path) -> None:
        """Write the bytes of an object to a file.

        Raises:
            OSError: The object is gone or is not what its name says.
        """
        found = hashlib.blake2b(digest_size=16)
        with self._object(digest).open("rb") as stored, target.open("wb") as plain:
            # An object that was cut off ends without an error, so its bytes are counted against its name.
            for chunk in zstandard.ZstdDecompressor().read_to_iter(stored, write_size=_CHUNK):
                found.update(chunk)
                plain.write(chunk)
        if found.hexdigest() != digest:
            raise OSError("damaged: its bytes are not those that were stored")

    def stored_bytes(self, digest: str) -> int:
        return self._object(digest).stat().st_size

    def list(self) -> Iterator[Source]:
        """All sources, in no order."""
        for path in self._folder.glob("??/*.*.json"):
            told = json.loads(path.read_bytes())
            yield Source(TranscriptFile(**told["file"]), told["digest"], path.stat().st_mtime, told["meta"])

    def drop(self, machine: str, path: str, digest: str) -> None:
        """Forget a source; its bytes go with the last one."""
        self._description(machine, path, digest).unlink(missing_ok=True)
        target = self._object(digest)
        if not any(target.parent.glob(f"{digest}.*.json")):
            target.unlink(missing_ok=True)

    def _object(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.jsonl.zst"

    def _description(self, machine: str, path: str, digest: str) -> Path:
        source = hashlib.blake2b(f"{machine}\0{path}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return self._folder / digest[:2] / f"{digest}.{source}.json"

    def _describe(self, file: TranscriptFile, digest: str) -> None:
        told = json.dumps({"digest": digest, "file": asdict(file), "meta": _read_meta(file)})
        target = self._description(file.machine, file.path, digest)
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(told)
        Path(unfinished).replace(target)


def _compress(path: Path, size_bytes: int, earlier: dict[int, str], stored: BinaryIO) -> tuple[str, list[str]] | None:
    """(digest, earlier digests that are a beginning of it); a megabyte at a time."""
    digest = hashlib.blake2b(digest_size=16)
    stops = sorted(size for size in earlier if size < size_bytes)
    replaced: list[str] = []
    left, done = size_bytes, 0
    try:
        with (
            path.open("rb") as plain,
            zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(stored, closefd=False) as packed,
        ):
            while left:
                chunk = plain.read(min(_CHUNK, left, stops[0] - done if stops else left))
                if not chunk:
                    return None
                digest.update(chunk)
                packed.write(chunk)
                left -= len(chunk)
                done += len(chunk)
                if stops and done == stops[0]:
                    size = stops.pop(0)
                    replaced += [earlier[size]] if digest.hexdigest() == earlier[size] else []
    except OSError:
        return None
    return digest.hexdigest(), replaced


def _read_meta(file: TranscriptFile) -> str | None:
    if file.agent_id is None:
        return None
    try:
        return Path(file.path.removesuffix(".jsonl") + ".meta.json").read_bytes()[:65_536].decode("utf-8", "replace")
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
    folder: Path, sources: Sequence[Source], *, entry_characters: int, processes: int
) -> Iterator[ParsedFile | str]:
    """Read archived files again, or say why one cannot be read. Order is not kept."""
    read = partial(_read_one, folder, entry_characters=entry_characters)
    if processes <= 1 or len(sources) < 2:
        yield from map(read, sources)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(read, sources, chunksize=max(1, min(16, len(sources) // (processes * 8))))


def _read_one(folder: Path, source: Source, *, entry_characters: int) -> ParsedFile | str:
    """Through a file of the same name, so that a parser needs to know nothing of archives."""
    with tempfile.TemporaryDirectory(prefix="session-insights-") as place:
        plain = Path(place) / Path(source.file.path).name
        try:
            FolderArchive(folder).get(source.digest, plain)
            if source.meta is not None:
                plain.with_name(plain.name.removesuffix(".jsonl") + ".meta.json").write_text(source.meta, "utf-8")
            parsed = parse_file(
                replace(source.file, path=str(plain)), entry_characters=entry_characters, is_packed=True
            )
        except (OSError, zstandard.ZstdError, UnreadableTranscript) as error:
            return f"{source.file.path}: archived as {source.digest}: {error}"
    found = replace(parsed.file, path=source.file.path)
    return replace(parsed, file=found)
