-- longest_sessions: the 10 sessions of a window that took most of its time.
-- Grain:  one row per session, most minutes first.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
select
    session.session_id,
    session.title,
    session.project,
    facet.businesses ->> 0 as business,
    session.started_at,
    session.active_minutes,
    facet.priority_matched,
    facet.brief_summary as summary
from insights.window_sessions(%(window_start)s, %(window_end)s) as session
left join insights.session_facets as facet on session.session_id = facet.session_id
order by session.active_minutes desc, session.started_at desc nulls last, session.session_id
limit 10
