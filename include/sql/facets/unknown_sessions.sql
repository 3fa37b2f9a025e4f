-- unknown_sessions: ids that are no session's.
-- Grain:  one row per id.
-- Reads:  insights.claude_sessions
-- Params: session_ids -- text[]
select given.session_id
from unnest(%(session_ids)s::text[]) as given (session_id)
left join insights.claude_sessions as session on given.session_id = session.id
where session.id is null
order by given.session_id
