-- refresh_requests: the text that is sent now may be newer than the one that was planned.
-- Grain:  one row per session of the batch that is still there.
-- Writes: insights.facet_batch_requests
-- Params: batch_id
--         custom_ids, content_hashes -- text[], in the same order
update insights.facet_batch_requests as request
set content_hash = given.content_hash
from unnest(%(custom_ids)s::text[], %(content_hashes)s::text[]) as given (custom_id, content_hash)
where
    request.custom_id = given.custom_id
    and request.batch_id = %(batch_id)s
    and request.content_hash <> given.content_hash
