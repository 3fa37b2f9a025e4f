-- known_providers: names that the API gave to batches of ours.
-- Grain:  one row per batch.
-- Reads:  insights.facet_batches
-- Params: none
select provider_id
from insights.facet_batches
where provider_id is not null
order by provider_id
