-- health_failed_files: files that could not be read, and why.
-- Grain:  one row per file, newest first; at most 50.
-- Reads:  insights.transcript_files
-- Params: none
select
    machine,
    path,
    error,
    read_at
from insights.transcript_files
where state = 'failed'
order by read_at desc, machine, path
limit 50
