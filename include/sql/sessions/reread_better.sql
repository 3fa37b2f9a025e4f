-- reread_better: when the file that a session was taken from is no longer its best copy, the best one is read again.
-- Grain:  one row a file
-- Params: session_ids
--
-- The same order as `_choose`: the longer copy, then the machine and the path, by code points.
update insights.transcript_files as better
set
    mtime_ns = -1,
    digest = ''
from insights.claude_sessions as session
inner join insights.transcript_files as present
    on
        session.machine = present.machine
        and session.transcript_path = present.path
        and session.id = present.session_id
where
    session.id = any(%(session_ids)s)
    and better.session_id = session.id
    and better.state = 'read'
    and (
        better.read_bytes > present.read_bytes
        or (
            better.read_bytes = present.read_bytes
            and (better.machine collate "C", better.path collate "C")
            < (present.machine collate "C", present.path collate "C")
        )
    )
