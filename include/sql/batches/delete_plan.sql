-- delete_plan: forget a batch that the API certainly does not have; its sessions are free again.
-- Grain:  one row, and its requests.
-- Writes: insights.facet_batches
-- Params: batch_id
delete from insights.facet_batches
where
    id = %(batch_id)s
    and provider_id is null
