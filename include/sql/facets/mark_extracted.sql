-- mark_extracted: note when a session was read.
-- Grain:  one row.
-- Writes: insights.claude_sessions
-- Params: session_id
update insights.claude_sessions
set facets_extracted_at = now()
where id = %(session_id)s
