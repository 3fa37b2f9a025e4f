-- workflow_mix: what kind of work the sessions of a window were.
-- Grain:  one row per workflow, most minutes first; null, the unknown, last.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    select
        session.session_id,
        session.active_minutes,
        facet.workflow_type
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id

),

workflow_sums as (

    select
        workflow_type,
        count(*) as session_count,
        sum(active_minutes::numeric) as active_minutes
    from read_sessions
    group by workflow_type

)

select
    workflow_type,
    session_count,
    active_minutes
from workflow_sums
order by workflow_type is null, active_minutes desc, workflow_type
