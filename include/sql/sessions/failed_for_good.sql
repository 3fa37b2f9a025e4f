-- failed_for_good: files that this parser could not read, as they were then.
-- Grain:  one row a file
-- Params: machines, parser
select
    machine,
    path,
    size_bytes,
    mtime_ns
from insights.transcript_files
where
    machine = any(%(machines)s)
    and state = 'failed'
    and failed_parser = %(parser)s
