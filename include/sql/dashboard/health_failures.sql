-- health_failures: sessions whose last try to read them failed, and why.
-- Grain:  one row per session, newest first; at most 50.
-- Reads:  insights.facet_extractions, insights.claude_sessions
-- Params: since -- timestamptz: tries before are not looked at
with

last_tries as (

    select
        failed.session_id,
        failed.state,
        failed.error,
        failed.attempted_at,
        count(*) over () as total_count
    from insights.facet_extractions as failed
    where
        failed.state in ('failed', 'refused')
        and failed.attempted_at >= %(since)s
        and not exists (
            select
            from insights.facet_extractions as later
            where
                later.session_id = failed.session_id
                and later.state in ('ok', 'failed', 'refused')
                and (later.attempted_at, later.id) > (failed.attempted_at, failed.id)
        )
    order by failed.attempted_at desc, failed.session_id
    limit 50

)

select
    last_tries.session_id,
    session.title,
    last_tries.state,
    last_tries.error,
    last_tries.attempted_at,
    last_tries.total_count
from last_tries
inner join insights.claude_sessions as session on last_tries.session_id = session.id
order by last_tries.attempted_at desc, last_tries.session_id
