-- sessions_sharing: the given sessions, and those that have one of the given messages too.
-- Grain:  one row a session
-- Params: session_ids, message_ids
select id as session_id
from insights.claude_sessions
where id = any(%(session_ids)s)
union
select session_id
from insights.session_messages
where message_id = any(%(message_ids)s)
