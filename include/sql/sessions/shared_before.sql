-- shared_before: messages of these sessions that other sessions have too.
-- Grain:  one row a message
-- Params: session_ids
--
-- One look-up a message: a plan that reads all messages there are gets slower with every session kept.
select distinct mine.message_id
from insights.session_messages as mine
cross join
    lateral (
        select other.session_id
        from insights.session_messages as other
        where
            other.message_id = mine.message_id
            and other.session_id <> all(%(session_ids)s)
        order by other.session_id
        limit 1
    ) as sharing
where mine.session_id = any(%(session_ids)s)
order by mine.message_id
