-- load_session: what a reader is told of one session.
-- Grain:  one row, or none when the session is not known.
-- Reads:  insights.claude_sessions
-- Params: session_id
select
    id as session_id,
    title,
    project,
    cwd,
    initiated_by,
    resumed_from,
    coalesce(started_at, first_record_at, synced_at) as started_at,
    coalesce(ended_at, last_record_at, synced_at) as ended_at,
    active_minutes,
    human_prompt_count,
    message_count,
    tools_used,
    files_touched,
    content_hash
from insights.claude_sessions
where id = %(session_id)s
