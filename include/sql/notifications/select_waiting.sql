-- select_waiting: messages that could not be posted when they were made, oldest first. After a day they are no news.
-- Grain:  one row per message.
-- Reads:  insights.notifications
-- Params: channel, kinds -- the parts of dedupe_key before the first colon
select id
from insights.notifications
where
    channel = %(channel)s
    and state = 'waiting'
    and split_part(dedupe_key, ':', 1) = any(%(kinds)s)
    and created_at > now() - interval '1 day'
order by created_at, id
