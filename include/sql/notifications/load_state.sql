-- load_state: how far a message is.
-- Grain:  one row; none if there is no such message.
-- Reads:  insights.notifications
-- Params: message_id
select
    channel,
    dedupe_key,
    state,
    claimed_at
from insights.notifications
where id = %(message_id)s
