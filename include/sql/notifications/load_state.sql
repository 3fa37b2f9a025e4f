-- load_state: how far a message is.
-- Grain:  one row; none if there is no such message.
-- Reads:  insights.notifications
-- Params: channel, dedupe_key
select
    id,
    state,
    claimed_at
from insights.notifications
where
    channel = %(channel)s
    and dedupe_key = %(dedupe_key)s
