-- load_posted: what was posted under a key and as its revisions.
-- Grain:  one row per message, oldest first.
-- Reads:  insights.notifications
-- Params: channel, dedupe_key
select payload_digest
from insights.notifications
where
    channel = %(channel)s
    and (dedupe_key = %(dedupe_key)s or starts_with(dedupe_key, %(dedupe_key)s || ':revision:'))
    and state = 'sent'
order by id
