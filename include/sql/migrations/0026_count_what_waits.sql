-- Health counts what waits, of sessions that wait alone. The index that it replaces was for all, and never chosen.
drop index insights.claude_sessions_read_with;
create index claude_sessions_waiting on insights.claude_sessions (id) include (failed_with, failure_count)
where category = 'human'
and read_with = 0
and (human_prompt_count >= 2 or active_minutes >= 1)
and coalesce(last_record_at > entries_deleted_until, entries_deleted_until is null);
