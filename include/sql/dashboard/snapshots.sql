-- snapshots: the reports that there are.
-- Grain:  one row per report, by its days, newest first.
-- Reads:  insights.insights_snapshots
-- Params: before_end, before_id -- the last row of the page before, or null
--         result_limit
select
    id as snapshot_id,
    period_type,
    period_start,
    period_end,
    narrative is not null as is_written,
    updated_at,
    (metrics #>> '{coverage,current,0,session_count}')::integer as session_count,
    (metrics #>> '{coverage,current,0,read_count}')::integer as read_count
from insights.insights_snapshots
where
    %(before_id)s::bigint is null
    or (period_end, id) < (%(before_end)s::date, %(before_id)s::bigint)
order by period_end desc, id desc
limit %(result_limit)s
