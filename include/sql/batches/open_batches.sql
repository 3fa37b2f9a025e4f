-- open_batches: batches with answers to come, oldest first, whoever sent them.
-- Grain:  one row per batch.
-- Reads:  insights.facet_batches
-- Params: none
select
    id as batch_id,
    provider_id
from insights.facet_batches
where collected_at is null
order by planned_at, id
