-- session_sources: which file each session was read from last, and how far.
-- Grain:  one row a session
-- Params: session_ids
select
    session.id as session_id,
    session.machine,
    session.transcript_path,
    coalesce(file.session_id = session.id, false) as is_own_file,
    coalesce(file.read_bytes, 0) as read_bytes
from insights.claude_sessions as session
left join insights.transcript_files as file
    on session.machine = file.machine and session.transcript_path = file.path
where session.id = any(%(session_ids)s)
