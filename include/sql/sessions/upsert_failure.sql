-- upsert_failure: a file could not be read; what was read of it before stays, and so does what the ledger says of that.
-- Grain:  one row
-- Params: machine, path, session_id, size_bytes, mtime_ns, error
--         parser -- that will fail on these bytes again; null when the failure may pass
insert into insights.transcript_files (machine, path, session_id, size_bytes, mtime_ns, state, error, failed_parser)
values (
    %(machine)s, %(path)s, %(session_id)s, %(size_bytes)s, %(mtime_ns)s, 'failed', %(error)s, %(parser)s
)
on conflict (machine, path) do update set
    size_bytes = excluded.size_bytes,
    mtime_ns = excluded.mtime_ns,
    state = excluded.state,
    error = excluded.error,
    failed_parser = excluded.failed_parser,
    read_at = now()
