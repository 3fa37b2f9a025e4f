-- unread_sessions: the sessions of a window that nobody has read, and why.
-- Grain:  one row per session without a facet, newest first.
-- Reads:  insights.window_sessions, insights.session_facets, insights.facet_extractions
-- Params: window_start, window_end -- local dates, half-open
with

unread as (

    select session.*
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    left join insights.session_facets as facet on session.session_id = facet.session_id
    where facet.session_id is null

),

last_attempts as (

    -- A dry run or a skip says nothing about whether a session can be read.
    select distinct on (attempt.session_id)
        attempt.session_id,
        attempt.state,
        attempt.error
    from unread as session
    inner join insights.facet_extractions as attempt on session.session_id = attempt.session_id
    where attempt.state in ('ok', 'failed', 'refused')
    order by attempt.session_id, attempt.attempted_at desc, attempt.id desc

)

select
    session.session_id,
    session.title,
    session.project,
    session.started_at,
    session.active_minutes,
    case when attempt.state in ('failed', 'refused') then 'failed' else 'waiting' end as state,
    case when attempt.state in ('failed', 'refused') then attempt.error end as error
from unread as session
left join last_attempts as attempt on session.session_id = attempt.session_id
order by session.started_at desc nulls last, session.session_id
