-- value_by_business: the time saved and the things made, by business.
-- Grain:  one row per business with a session read, most sessions first; null, the unknown, last.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    -- The first business owns the session; nothing is counted twice.
    select
        session.session_id,
        facet.businesses ->> 0 as business,
        facet.estimated_time_saved_minutes,
        facet.artifacts_created,
        facet.decisions_made,
        facet.knowledge_filed
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id

),

business_sums as (

    -- A sum adds what is known. It is null when none of the sessions is known.
    select
        business,
        count(*) as read_count,
        sum(estimated_time_saved_minutes) as time_saved_minutes,
        count(estimated_time_saved_minutes) as time_saved_known_count,
        sum(artifacts_created) as artifacts_created,
        sum(decisions_made) as decisions_made,
        sum(knowledge_filed) as knowledge_filed
    from read_sessions
    group by business

)

select
    business,
    read_count,
    time_saved_minutes,
    time_saved_known_count,
    artifacts_created,
    decisions_made,
    knowledge_filed
from business_sums
order by business is null, read_count desc, business
