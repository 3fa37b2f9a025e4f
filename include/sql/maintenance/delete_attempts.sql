-- delete_attempts: tries that asked nobody and cost nothing: dry runs, and what a cap held back.
-- Grain:  one row: how many.
-- Writes: insights.facet_extractions
-- Params: kept_since -- timestamptz
--         result_limit -- at most so many
--         dry_run -- count them only
with

aged as (

    select id
    from insights.facet_extractions
    where
        state in ('dry_run', 'skipped')
        and attempted_at < %(kept_since)s
        and coalesce(cost_usd, 0) = 0
        and input_tokens + output_tokens + cache_read_tokens + cache_write_tokens = 0
    order by id
    limit %(result_limit)s

),

deleted as (

    delete from insights.facet_extractions
    where
        not %(dry_run)s
        and id in (select aged.id from aged)

)

select count(*) as row_count
from aged
