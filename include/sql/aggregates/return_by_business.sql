-- return_by_business: what was spent on each business beside the time saved and the skills used there.
-- Grain:  one row per business, highest cost first; null, the unread and unknown, last.
-- Reads:  insights.window_facts
-- Period: monthly
-- Params: window_start, window_end -- local dates, half-open
with

sessions as (

    -- The first business owns the session; nothing is counted twice.
    select
        cost_usd,
        unpriced_message_count,
        business,
        estimated_time_saved_minutes,
        is_read,
        skills_used <> '[]' as has_skill
    from insights.window_facts(%(window_start)s, %(window_end)s)

),

business_sums as (

    -- A sum adds what is known. It is null when none of the sessions is known.
    select
        business,
        count(*) as session_count,
        count(*) filter (where is_read) as read_count,
        count(*) filter (where has_skill) as skill_session_count,
        sum(estimated_time_saved_minutes) as time_saved_minutes,
        count(estimated_time_saved_minutes) as time_saved_known_count,
        case
            when sum(unpriced_message_count) > 0 then sum(cost_usd)
            else coalesce(sum(cost_usd), 0)
        end as cost_usd
    from sessions
    group by business

)

select
    business,
    session_count,
    read_count,
    skill_session_count,
    time_saved_minutes,
    time_saved_known_count,
    cost_usd
from business_sums
order by business is null, cost_usd desc nulls last, business
