-- upsert_failure: a file could not be read; what was read of it before stays, and so does what the ledger says of that.
-- Grain:  one row
insert into insights.transcript_files (machine, path, session_id, size_bytes, mtime_ns, state, error)
values (%(machine)s, %(path)s, %(session_id)s, %(size_bytes)s, %(mtime_ns)s, 'failed', %(error)s)
on conflict (machine, path) do update set
    size_bytes = excluded.size_bytes,
    mtime_ns = excluded.mtime_ns,
    state = excluded.state,
    error = excluded.error,
    read_at = now()
