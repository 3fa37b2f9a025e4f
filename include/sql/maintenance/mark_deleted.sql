-- mark_deleted: from now on these sessions have no text up to their last record.
-- Writes: insights.claude_sessions
-- Params: session_ids
update insights.claude_sessions
set
    entries_deleted_at = now(),
    entries_deleted_until = coalesce(last_record_at, synced_at)
where id = any(%(session_ids)s)
