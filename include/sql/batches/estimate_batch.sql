-- estimate_batch: what a batch should take, right before it is sent; by its count it is found in the API's list.
-- Grain:  one row.
-- Writes: insights.facet_batches
-- Params: batch_id, request_count, estimated_tokens, estimate_usd
update insights.facet_batches
set
    request_count = %(request_count)s,
    estimated_tokens = %(estimated_tokens)s,
    estimate_usd = %(estimate_usd)s,
    tried_at = now()
where id = %(batch_id)s
