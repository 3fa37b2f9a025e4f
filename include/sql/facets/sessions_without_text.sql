-- sessions_without_text: which of these sessions cannot be read any more, because their text was deleted.
-- Grain:  one row per session.
-- Reads:  insights.claude_sessions
-- Params: session_ids -- text[]
select
    id as session_id,
    entries_deleted_at
from insights.claude_sessions
where
    id = any(%(session_ids)s::text[])
    and not coalesce(last_record_at > entries_deleted_until, entries_deleted_until is null)
order by id
