-- value_by_business: the time saved and the things made, by business.
-- Grain:  one row per business with a session read, most sessions first; null, the unknown, last.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

business_sums as (

    -- The first business owns the session; nothing is counted twice.
    -- A sum adds what is known. It is null when none of the sessions is known.
    select
        business,
        count(*) as read_count,
        sum(estimated_time_saved_minutes) as time_saved_minutes,
        count(estimated_time_saved_minutes) as time_saved_known_count,
        sum(artifacts_created) as artifacts_created,
        sum(decisions_made) as decisions_made,
        sum(knowledge_filed) as knowledge_filed
    from insights.window_facts(%(window_start)s, %(window_end)s)
    where is_read
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
