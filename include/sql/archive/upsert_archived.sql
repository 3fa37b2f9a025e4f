-- upsert_archived: one version of a file is in the archive.
-- Grain:  one row
insert into insights.transcript_archive (machine, path, digest, session_id, size_bytes, stored_bytes, read_digest)
values (%(machine)s, %(path)s, %(digest)s, %(session_id)s, %(size_bytes)s, %(stored_bytes)s, %(read_digest)s)
on conflict (machine, path, digest) do update set
    session_id = excluded.session_id,
    stored_bytes = excluded.stored_bytes,
    read_digest = excluded.read_digest,
    archived_at = now()
