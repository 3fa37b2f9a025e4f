-- select_archived: kept files that are older than they may be, and which of them still stand at their source.
-- Grain:  one row per version of a file, oldest first.
-- Reads:  insights.transcript_archive, insights.transcript_files
-- Params: kept_since -- timestamptz; what was archived before may go
select
    kept.machine,
    kept.path,
    kept.digest,
    kept.stored_bytes,
    -- The next sync would archive such a file again.
    coalesce(file.state <> 'vanished', false) as is_at_source
from insights.transcript_archive as kept
left join insights.transcript_files as file on kept.machine = file.machine and kept.path = file.path
where kept.archived_at < %(kept_since)s
order by kept.archived_at, kept.machine, kept.path, kept.digest
