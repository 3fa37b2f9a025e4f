"""A session or a person out of every table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from session_insights.store.database import Connection, execute
from session_insights.store.people import name_pattern, remember_name, replace_name
from session_insights.store.queries import load_sql
from session_insights.store.searching import refresh_search
from session_insights.store.transcripts import refresh

_LOCK = 7305103  # the same as for writers of sessions


@dataclass
class Purge:
    """What a purge would delete, or has deleted."""

    session_ids: list[str]  # with their sub-agents
    fork_ids: list[str] = field(default_factory=list)  # others that hold the same text
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    archived: list[tuple[str, str, str]] = field(default_factory=list)  # (machine, path, digest)


def hash_session_id(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()


def load_purged(connection: Connection) -> frozenset[str]:
    """Hashes of sessions that must not come back."""
    return frozenset(row["id_hash"] for row in execute(connection, "select id_hash from insights.purged_sessions"))


def is_purged(session_id: str | None, purged: frozenset[str]) -> bool:
    """Also for a sub-agent, whose id begins with its session's."""
    if session_id is None or not purged:
        return False
    parts = session_id.split("/")
    return any(hash_session_id("/".join(parts[:n])) in purged for n in range(1, len(parts) + 1))


def plan_purge(connection: Connection, session_ids: list[str], *, with_forks: bool) -> Purge:
    """What would go; writes nothing."""
    wanted = sorted(set(session_ids))
    family = _load_family(connection, wanted)
    forks = _load_forks(connection, sorted({*wanted, *family}))
    while with_forks and forks:
        family |= _load_family(connection, forks)
        wanted = sorted({*wanted, *forks})
        forks = _load_forks(connection, sorted({*wanted, *family}))
    ids = sorted({*wanted, *family})
    words = [*ids, *_telling(family.values())]
    snapshots = execute(connection, load_sql("purging/purge_snapshots"), session_ids=ids, words=words)
    archived = execute(
        connection,
        "select machine, path, digest from insights.transcript_archive where session_id = any(%(ids)s) "
        "union select kept.machine, kept.path, kept.digest from insights.transcript_files as file "
        "inner join insights.transcript_archive as kept on file.machine = kept.machine and file.path = kept.path "
        "where file.session_id = any(%(ids)s)",
        ids=ids,
    )
    return Purge(ids, forks, snapshots, [(row["machine"], row["path"], row["digest"]) for row in archived])


def purge_sessions(connection: Connection, plan: Purge, *, time_zone: str) -> None:
    """Delete what was planned, and leave a tombstone of each id."""
    ids = plan.session_ids
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        titles = _telling(_load_family(connection, ids).values())
        shared = execute(
            connection,
            "select distinct message_id from insights.session_messages where session_id = any(%(ids)s)",
            ids=ids,
        )
        for session_id in ids:
            connection.execute(
                "insert into insights.purged_sessions (id_hash) values (%s) on conflict do nothing",
                [hash_session_id(session_id)],
            )
        clear_snapshots(connection, plan.snapshots)
        clear_notifications(connection, [*ids, *titles])
        for statement in (
            "delete from insights.transcript_archive where session_id = any(%(ids)s)",
            "delete from insights.transcript_archive as kept using insights.transcript_files as file "
            "where file.machine = kept.machine and file.path = kept.path and file.session_id = any(%(ids)s)",
            "delete from insights.transcript_files where session_id = any(%(ids)s)",
            "delete from insights.claude_sessions where id = any(%(ids)s)",
            "update insights.claude_sessions set forked_from = null where forked_from = any(%(ids)s)",
            "update insights.claude_sessions set resumed_from = null where resumed_from = any(%(ids)s)",
            "update insights.session_facets set resumed_from = null where resumed_from = any(%(ids)s)",
        ):
            execute(connection, statement, ids=ids)
        # What the sessions owned belongs to the forks that stay.
        refresh(connection, [], [row["message_id"] for row in shared], time_zone=time_zone)


def clear_snapshots(connection: Connection, snapshots: list[dict[str, Any]]) -> None:
    execute(
        connection,
        "update insights.insights_snapshots "
        "set metrics = '{}', narrative = null, report_url = null, uploads = '{}', updated_at = now() "
        "where id = any(%(ids)s)",
        ids=[snapshot["id"] for snapshot in snapshots],
    )


def clear_notifications(connection: Connection, words: list[str]) -> None:
    """The row stays, so that nothing is posted again."""
    execute(
        connection,
        "update insights.notifications set payload = '{}', error = null where exists (select 1 from "
        "unnest(%(words)s::text[]) as word "
        "where strpos(lower(payload::text), lower(trim(both '\"' from to_jsonb(word)::text))) > 0)",
        words=words,
    )


def plan_person(connection: Connection, name: str) -> Purge:
    """Sessions and reports in which a person's name stands."""
    rows = execute(
        connection,
        "select session_id as id from insights.session_entries where text ~* %(name)s "
        "union select id from insights.claude_sessions where title ~* %(name)s "
        "union select session_id from insights.session_facets as facet where facet::text ~* %(name)s "
        "union select session_id from insights.facet_corrections as act where act::text ~* %(name)s order by id",
        name=name_pattern(name),
    )
    snapshots = execute(connection, load_sql("purging/purge_snapshots"), session_ids=[], words=[name])
    return Purge([row["id"] for row in rows], snapshots=snapshots)


def replace_person(connection: Connection, name: str, plan: Purge) -> None:
    """Put `[person]` for the name, here and in all that comes; forget reports and messages that have it."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        remember_name(connection, name)
        clear_snapshots(connection, plan.snapshots)
        clear_notifications(connection, [name])
        replace_name(connection, name, plan.session_ids)
        refresh_search(connection, plan.session_ids)


def _telling(titles: Iterable[str | None]) -> list[str]:
    """Titles by which a report is known to speak of a session; "fix" stands in every report."""
    return [title for title in titles if title and len(title) >= 8]


def _load_family(connection: Connection, session_ids: list[str]) -> dict[str, str | None]:
    rows = execute(connection, load_sql("purging/purge_family"), session_ids=session_ids)
    return {row["id"]: row["title"] for row in rows}


def _load_forks(connection: Connection, session_ids: list[str]) -> list[str]:
    return [row["id"] for row in execute(connection, load_sql("purging/purge_forks"), session_ids=session_ids)]
