-- workflow_mix: what kind of work the sessions of a window were.
-- Grain:  one row per workflow, most minutes first; null, the unknown, last.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

workflow_sums as (

    select
        workflow_type,
        count(*) as session_count,
        sum(active_minutes) as active_minutes
    from insights.window_facts(%(window_start)s, %(window_end)s)
    where is_read
    group by workflow_type

)

select
    workflow_type,
    session_count,
    active_minutes
from workflow_sums
order by workflow_type is null, active_minutes desc, workflow_type
