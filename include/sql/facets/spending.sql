-- spending: dollars at list price since the start of the local day and of the local month.
-- Grain:  one row.
-- Reads:  insights.facet_extractions, insights.narrative_calls
-- Params: time_zone, now
with

starts as (

    select
        date_trunc('day', %(now)s::timestamptz, %(time_zone)s) as day_start,
        date_trunc('month', %(now)s::timestamptz, %(time_zone)s) as month_start

),

calls as (

    select
        attempted_at as at,
        cost_usd
    from insights.facet_extractions
    union all
    select
        written_at as at,
        cost_usd
    from insights.narrative_calls

)

select
    coalesce(sum(calls.cost_usd::numeric) filter (where calls.at >= starts.day_start), 0)::double precision
        as today_usd,
    coalesce(sum(calls.cost_usd::numeric), 0)::double precision as month_usd,
    count(calls.at) filter (where calls.cost_usd is null) as unpriced_count
from starts
left join calls on starts.month_start <= calls.at
