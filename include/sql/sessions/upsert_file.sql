-- upsert_file: the ledger's line of one file.
-- Grain:  one row
insert into insights.transcript_files (
    machine, path, session_id, size_bytes, mtime_ns, read_bytes, digest, state, error, bad_lines, record_counts
)
values (
    %(machine)s, %(path)s, %(session_id)s, %(size_bytes)s, %(mtime_ns)s, %(read_bytes)s, %(digest)s, 'read', null,
    %(bad_lines)s, %(record_counts)s
)
on conflict (machine, path) do update set
    session_id = excluded.session_id,
    size_bytes = excluded.size_bytes,
    mtime_ns = excluded.mtime_ns,
    read_bytes = excluded.read_bytes,
    digest = excluded.digest,
    state = excluded.state,
    error = excluded.error,
    failed_parser = null,
    bad_lines = excluded.bad_lines,
    record_counts = excluded.record_counts,
    read_at = now()
