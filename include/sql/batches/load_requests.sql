-- load_requests: the sessions of a batch whose answers are not kept yet.
-- Grain:  one row per session.
-- Reads:  insights.facet_batch_requests
-- Params: batch_id
select
    custom_id,
    session_id,
    content_hash
from insights.facet_batch_requests
where
    batch_id = %(batch_id)s
    and state = 'open'
order by custom_id
