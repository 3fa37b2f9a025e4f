-- summarize: what came of batches, by the last request of each session, and what all of them cost.
-- Grain:  one row.
-- Reads:  insights.facet_batches, insights.facet_batch_requests, insights.facet_extractions
-- Params: dag_run_id -- text or null; batches that this run sent
--         names -- text[]; and these, by our name or the API's
with

requests as (

    select
        request.batch_id,
        request.state,
        attempt.input_tokens + attempt.cache_read_tokens + attempt.cache_write_tokens as input_tokens,
        attempt.output_tokens,
        attempt.cost_usd,
        request.extraction_id,
        row_number() over (partition by request.session_id order by batch.planned_at desc, batch.id) as place
    from insights.facet_batch_requests as request
    inner join insights.facet_batches as batch on request.batch_id = batch.id
    left join insights.facet_extractions as attempt on request.extraction_id = attempt.id
    where
        batch.dag_run_id = %(dag_run_id)s
        or batch.id = any(%(names)s::text[])
        or batch.provider_id = any(%(names)s::text[])

)

select
    count(distinct batch_id) as batch_count,
    count(*) filter (where place = 1) as session_count,
    count(*) filter (where place = 1 and state = 'ok') as ok_count,
    count(*) filter (where place = 1 and state in ('failed', 'refused')) as failed_count,
    count(*) filter (where place = 1 and state = 'skipped') as skipped_count,
    count(*) filter (where place = 1 and state = 'open') as open_count,
    coalesce(sum(input_tokens), 0)::bigint as input_tokens,
    coalesce(sum(output_tokens), 0)::bigint as output_tokens,
    coalesce(sum(cost_usd), 0) as cost_usd,
    count(*) filter (where extraction_id is not null and cost_usd is null) as unpriced_count
from requests
