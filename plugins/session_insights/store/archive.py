"""The index of the archive: which version of which file is kept."""

from __future__ import annotations

from dataclasses import dataclass

from session_insights.store.database import Connection, execute
from session_insights.store.queries import load_sql


@dataclass(frozen=True)
class PendingFile:
    """A file that was read and is not kept."""

    machine: str
    path: str
    session_id: str | None
    read_bytes: int
    digest: str


def select_pending(connection: Connection, machines: list[str], paths: list[str] | None) -> list[PendingFile]:
    rows = execute(connection, load_sql("archive/select_pending"), machines=machines, paths=paths)
    return [PendingFile(**row) for row in rows]


def load_versions(connection: Connection, machine: str, path: str) -> list[tuple[int, str]]:
    """(size_bytes, digest) of what is kept of a file."""
    rows = execute(
        connection,
        "select size_bytes, digest from insights.transcript_archive where machine = %(machine)s and path = %(path)s",
        machine=machine,
        path=path,
    )
    return [(row["size_bytes"], row["digest"]) for row in rows]


def save_archived(connection: Connection, file: PendingFile, *, digest: str, stored_bytes: int) -> None:
    execute(
        connection,
        load_sql("archive/upsert_archived"),
        machine=file.machine,
        path=file.path,
        session_id=file.session_id,
        digest=digest,
        size_bytes=file.read_bytes,
        stored_bytes=stored_bytes,
        read_digest=file.digest,
    )


def delete_archived(connection: Connection, machine: str, path: str, digests: list[str]) -> None:
    execute(connection, load_sql("archive/delete_archived"), machine=machine, path=path, digests=digests)
