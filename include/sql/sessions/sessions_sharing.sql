-- sessions_sharing: the sessions that have one of the given messages.
-- Grain:  one row a session
-- Params: message_ids
select distinct session_id
from insights.session_messages
where message_id = any(%(message_ids)s)
