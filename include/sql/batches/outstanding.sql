-- outstanding: what batches should cost whose answers, and so their prices, are not known yet.
-- Grain:  one row.
-- Reads:  insights.facet_batches
-- Params: none
select coalesce(sum(estimate_usd), 0) as outstanding_usd
from insights.facet_batches
where
    provider_id is not null
    and collected_at is null
