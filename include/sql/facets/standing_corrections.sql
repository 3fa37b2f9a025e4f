-- standing_corrections: what people's corrections come to: the newest act on each facet, unless it took one back.
-- Grain:  one row per session and facet.
-- Reads:  insights.facet_corrections
-- Params: session_id -- or null for all sessions
with

newest as (

    select distinct on (session_id, facet)
        session_id,
        facet,
        action,
        value
    from insights.facet_corrections
    where %(session_id)s::text is null or session_id = %(session_id)s::text
    order by session_id, facet, id desc

)

select
    session_id,
    facet,
    value
from newest
where action = 'set'
order by session_id, facet
