-- health_sources: what the ledger knows of each machine's files.
-- Grain:  one row per machine.
-- Reads:  insights.transcript_files
-- Params: none
select
    machine,
    count(*) filter (where state = 'read') as file_count,
    count(*) filter (where state = 'failed') as failed_count,
    count(*) filter (where state = 'vanished') as vanished_count,
    count(*) filter (where bad_lines <> '[]'::jsonb) as bad_line_file_count,
    max(read_at) as last_read_at,
    to_timestamp(max(mtime_ns) / 1e9) as newest_file_at
from insights.transcript_files
group by machine
order by machine
