-- last_sync: when a transcript was last read, and from how many machines.
-- Grain:  one row; read_at is null before the first sync.
-- Reads:  insights.transcript_files
select
    max(read_at) as read_at,
    count(distinct machine) as machine_count
from insights.transcript_files
