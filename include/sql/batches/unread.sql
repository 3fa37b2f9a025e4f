-- unread: sessions whose answer in a batch could not be used and that no reader has read since, with the reason.
-- Grain:  one row per session.
-- Reads:  insights.facet_batches, insights.facet_batch_requests, insights.facet_extractions
-- Params: dag_run_id -- text or null; batches that this run sent
--         names -- text[]; and these, by our name or the API's
select distinct on (request.session_id)
    request.session_id,
    request.state,
    attempt.error
from insights.facet_batch_requests as request
inner join insights.facet_batches as batch on request.batch_id = batch.id
inner join insights.facet_extractions as attempt on request.extraction_id = attempt.id
where
    (
        batch.dag_run_id = %(dag_run_id)s
        or batch.id = any(%(names)s::text[])
        or batch.provider_id = any(%(names)s::text[])
    )
    and attempt.state <> 'ok'
    and not exists (
        select 1
        from insights.facet_extractions as later
        where
            later.session_id = request.session_id
            and later.state = 'ok'
            and later.id > attempt.id
    )
order by request.session_id, attempt.id desc
