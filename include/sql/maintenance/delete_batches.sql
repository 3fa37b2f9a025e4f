-- delete_batches: batches whose every answer was kept long ago, with their requests; the answers stay.
-- Grain:  one row: how many.
-- Writes: insights.facet_batches, insights.facet_batch_requests
-- Params: kept_since -- timestamptz
--         result_limit -- at most so many
--         dry_run -- count them only
with

aged as (

    select id
    from insights.facet_batches
    where collected_at < %(kept_since)s
    order by id
    limit %(result_limit)s

),

deleted as (

    delete from insights.facet_batches
    where
        not %(dry_run)s
        and id in (select aged.id from aged)

)

select count(*) as row_count
from aged
