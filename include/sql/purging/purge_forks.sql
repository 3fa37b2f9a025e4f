-- purge_forks: other sessions that hold copied history of the given ones.
-- Grain:  one row a session
-- Params: session_ids
select message.session_id as id
from insights.session_messages as message
inner join insights.session_messages as own on message.message_id = own.message_id
where
    own.session_id = any(%(session_ids)s)
    and message.session_id <> all(%(session_ids)s)
union
select entry.session_id
from insights.session_entries as entry
inner join insights.session_entries as own on entry.uuid = own.uuid
where
    own.session_id = any(%(session_ids)s)
    and entry.session_id <> all(%(session_ids)s)
union
select session.id
from insights.claude_sessions as session
where
    (session.forked_from = any(%(session_ids)s) or session.resumed_from = any(%(session_ids)s))
    and session.id <> all(%(session_ids)s)
order by id
