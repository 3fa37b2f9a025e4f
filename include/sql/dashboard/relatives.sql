-- relatives: sessions that belong to this one.
-- Grain:  one row per session, by how it is related and when it began; at most 200.
-- Reads:  insights.claude_sessions
-- Params: session_id
select
    relative.id as session_id,
    relative.title,
    relative.agent_type,
    relative.active_minutes,
    relative.cost_usd,
    relative.tool_error_count,
    case
        when relative.parent_session_id = session.id then 'subagent'
        when relative.id = session.parent_session_id then 'parent'
        when relative.id = session.resumed_from or relative.id = session.forked_from then 'before'
        else 'after'
    end as relation
from insights.claude_sessions as session
inner join insights.claude_sessions as relative
    on
        session.id = relative.parent_session_id
        or relative.id in (session.parent_session_id, session.resumed_from, session.forked_from)
        or session.id in (relative.resumed_from, relative.forked_from)
where
    session.id = %(session_id)s
    and relative.id <> session.id
order by relation, relative.started_at nulls last, relative.id
limit 200
