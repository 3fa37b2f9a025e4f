-- delete_archived: versions of one file leave the index.
-- Params: machine, path, digests
delete from insights.transcript_archive
where
    machine = %(machine)s
    and path = %(path)s
    and digest = any(%(digests)s)
