-- longest_sessions: the 10 sessions of a window that took most of its time.
-- Grain:  one row per session, most minutes first.
-- Reads:  insights.window_facts, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

longest as (

    select
        session_id,
        title,
        project,
        business,
        started_at,
        active_minutes,
        priority_matched
    from insights.window_facts(%(window_start)s, %(window_end)s)
    order by active_minutes desc, started_at desc nulls last, session_id
    limit 10

)

select
    session.session_id,
    session.title,
    session.project,
    session.business,
    session.started_at,
    session.active_minutes,
    session.priority_matched,
    facet.brief_summary as summary
from longest as session
left join insights.session_facets as facet on session.session_id = facet.session_id
order by session.active_minutes desc, session.started_at desc nulls last, session.session_id
