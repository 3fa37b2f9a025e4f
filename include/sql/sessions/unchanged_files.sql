-- unchanged_files: those of these files whose bytes are the ones that the ledger knows.
-- Grain:  one row a file
-- Params: machines, paths, digests -- side by side
select
    file.machine,
    file.path
from insights.transcript_files as file
inner join unnest(%(machines)s::text[], %(paths)s::text[], %(digests)s::text[]) as found (machine, path, digest)
    on file.machine = found.machine and file.path = found.path and file.digest = found.digest
order by file.machine, file.path
