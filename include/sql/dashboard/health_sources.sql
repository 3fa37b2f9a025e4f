-- health_sources: what the ledger knows of each machine's files.
-- Each part is asked of an index that has it whole: nobody waits for the rows of all files that ever were.
-- Grain:  one row per machine.
-- Reads:  insights.transcript_files
-- Params: none
with

present as (

    select
        machine,
        count(*) filter (where state = 'read') as file_count,
        count(*) filter (where state = 'failed') as failed_count,
        max(read_at) as last_read_at,
        max(mtime_ns) as newest_mtime_ns
    from insights.transcript_files
    where state <> 'vanished'
    group by machine

),

gone as (

    select
        machine,
        count(*) as vanished_count,
        max(read_at) as last_read_at,
        max(mtime_ns) as newest_mtime_ns
    from insights.transcript_files
    where state = 'vanished'
    group by machine

),

cut as (

    select
        machine,
        count(*) as bad_line_file_count
    from insights.transcript_files
    where bad_lines <> '[]'::jsonb
    group by machine

)

select
    machine,
    coalesce(present.file_count, 0) as file_count,
    coalesce(present.failed_count, 0) as failed_count,
    coalesce(gone.vanished_count, 0) as vanished_count,
    coalesce(cut.bad_line_file_count, 0) as bad_line_file_count,
    greatest(present.last_read_at, gone.last_read_at) as last_read_at,
    to_timestamp(greatest(present.newest_mtime_ns, gone.newest_mtime_ns) / 1e9) as newest_file_at
from present
full join gone using (machine)
left join cut using (machine)
order by machine
