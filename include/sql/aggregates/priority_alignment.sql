-- priority_alignment: how far the sessions of a window served what matters.
-- Grain:  one row per alignment, best first; null, the unknown, last.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

alignment_sums as (

    select
        priority_alignment,
        count(*) as session_count,
        sum(active_minutes) as active_minutes
    from insights.window_facts(%(window_start)s, %(window_end)s)
    where is_read
    group by priority_alignment

)

select
    priority_alignment,
    session_count,
    active_minutes
from alignment_sums
order by array_position(array['aligned', 'supportive', 'neutral', 'drift'], priority_alignment)
