-- lock_request: hold a request until its answer is kept; whoever else collects finds nothing to do.
-- Grain:  one row, or none when its answer is kept or its session was purged.
-- Reads:  insights.facet_batch_requests, insights.facet_batches, insights.session_facets
-- Params: custom_id
select
    request.session_id,
    request.content_hash,
    -- Somebody had a model read the session while the batch was under way.
    coalesce(facet.reader <> 'offline' and facet.updated_at > batch.planned_at, false) as has_newer_facet
from insights.facet_batch_requests as request
inner join insights.facet_batches as batch on request.batch_id = batch.id
left join insights.session_facets as facet on request.session_id = facet.session_id
where
    request.custom_id = %(custom_id)s
    and request.state = 'open'
for update of request
