-- priority_shares: the minutes that each priority got.
-- Grain:  one row per matched priority, most minutes first; null, no priority or unknown, last.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

priority_sums as (

    select
        priority_matched,
        count(*) as session_count,
        sum(active_minutes) as active_minutes
    from insights.window_facts(%(window_start)s, %(window_end)s)
    where is_read
    group by priority_matched

)

select
    priority_matched,
    session_count,
    active_minutes
from priority_sums
order by priority_matched is null, active_minutes desc, priority_matched
