-- shared_before: messages of these sessions that other sessions have too.
-- Grain:  one row a message
-- Params: session_ids
select distinct mine.message_id
from insights.session_messages as mine
inner join insights.session_messages as other on mine.message_id = other.message_id
where
    mine.session_id = any(%(session_ids)s)
    and other.session_id <> all(%(session_ids)s)
order by mine.message_id
