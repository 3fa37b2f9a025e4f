-- health_failures: sessions whose last try to read them failed, and why.
-- Grain:  one row per session, newest first; at most 50.
-- Reads:  insights.facet_extractions, insights.claude_sessions
-- Params: since -- timestamptz: tries before are not looked at
with

last_tries as (

    select distinct on (session_id)
        session_id,
        state,
        error,
        attempted_at
    from insights.facet_extractions
    where
        state in ('ok', 'failed', 'refused')
        and attempted_at >= %(since)s
    order by session_id, attempted_at desc, id desc

)

select
    last_tries.session_id,
    session.title,
    last_tries.state,
    last_tries.error,
    last_tries.attempted_at,
    count(*) over () as total_count
from last_tries
inner join insights.claude_sessions as session on last_tries.session_id = session.id
where last_tries.state <> 'ok'
order by last_tries.attempted_at desc, last_tries.session_id
limit 50
