-- load_batch: a batch and how it stands.
-- Grain:  one row, or none when it is not known.
-- Reads:  insights.facet_batches
-- Params: name -- ours, or the one that the API gave it
select
    id as batch_id,
    provider_id,
    is_recognized,
    not_ours,
    model,
    prompt_version,
    prompt_hash,
    request_count,
    dag_run_id,
    planned_at,
    tried_at,
    collected_at
from insights.facet_batches
where
    id = %(name)s
    or provider_id = %(name)s
