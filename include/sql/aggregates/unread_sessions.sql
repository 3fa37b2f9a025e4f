-- unread_sessions: the sessions of a window that nobody has read, and why.
-- Grain:  one row per session without a facet, newest first.
-- Reads:  insights.window_facts, insights.facet_extractions
-- Params: window_start, window_end -- local dates, half-open
select
    session.session_id,
    session.title,
    session.project,
    session.started_at,
    session.active_minutes,
    case when session.last_attempt_state in ('failed', 'refused') then 'failed' else 'waiting' end as state,
    case
        when session.last_attempt_state in ('failed', 'refused')
            then (
                -- A dry run or a skip says nothing about whether a session can be read.
                select attempt.error
                from insights.facet_extractions as attempt
                where attempt.session_id = session.session_id and attempt.state in ('ok', 'failed', 'refused')
                order by attempt.attempted_at desc, attempt.id desc
                limit 1
            )
    end as error
from insights.window_facts(%(window_start)s, %(window_end)s) as session
where not session.is_read
order by session.started_at desc nulls last, session.session_id
