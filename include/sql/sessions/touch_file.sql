-- touch_file: a file was looked at again and says what it said.
-- Grain:  one row
update insights.transcript_files
set
    size_bytes = %(size_bytes)s,
    mtime_ns = %(mtime_ns)s,
    state = 'read',
    error = null,
    failed_parser = null,
    read_at = now()
where
    machine = %(machine)s
    and path = %(path)s
