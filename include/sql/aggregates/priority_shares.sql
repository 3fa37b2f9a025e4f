-- priority_shares: the minutes that each priority got.
-- Grain:  one row per matched priority, most minutes first; null, no priority or unknown, last.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    select
        session.session_id,
        session.active_minutes,
        facet.priority_matched
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id

),

priority_sums as (

    select
        priority_matched,
        count(*) as session_count,
        sum(active_minutes::numeric) as active_minutes
    from read_sessions
    group by priority_matched

)

select
    priority_matched,
    session_count,
    active_minutes
from priority_sums
order by priority_matched is null, active_minutes desc, priority_matched
