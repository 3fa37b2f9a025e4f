-- select_pending: files that were read and whose bytes are not in the archive.
-- Grain:  one row a file
-- Params: machines, paths -- null paths: all
select
    file.machine,
    file.path,
    file.session_id,
    file.read_bytes,
    file.digest
from insights.transcript_files as file
where
    file.machine = any(%(machines)s)
    and (%(paths)s::text[] is null or file.path = any(%(paths)s))
    and file.state = 'read'
    and file.read_bytes > 0
    and not exists (
        select 1
        from insights.transcript_archive as kept
        where
            kept.machine = file.machine
            and kept.path = file.path
            and kept.read_digest = file.digest
    )
order by file.machine, file.path
