-- priority_alignment: how far the sessions of a window served what matters.
-- Grain:  one row per alignment, best first; null, the unknown, last.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    select
        session.session_id,
        session.active_minutes,
        facet.priority_alignment
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id

),

alignment_sums as (

    select
        priority_alignment,
        count(*) as session_count,
        sum(active_minutes::numeric) as active_minutes
    from read_sessions
    group by priority_alignment

)

select
    priority_alignment,
    session_count,
    active_minutes
from alignment_sums
order by array_position(array['aligned', 'supportive', 'neutral', 'drift'], priority_alignment)
