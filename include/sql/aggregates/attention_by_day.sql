-- attention_by_day: the active minutes of each day, by business.
-- Grain:  one row per (local date, business) with a session; null, the unread and unknown, last.
-- Reads:  insights.window_facts, insights.wanted_days
-- Params: window_start, window_end -- local dates, half-open
with

session_days as (

    select
        activity_date,
        business,
        human_prompt_count,
        active_minutes
    from insights.wanted_days(%(window_start)s, %(window_end)s)
    where
        is_counted
        and case
            when is_only_day then human_prompt_count > 0
            else
                (human_prompt_count > 0 or active_minutes > 0)
                and session_id in (select session_id from insights.window_facts(%(window_start)s, %(window_end)s))
        end

),

day_sums as (

    -- A session counts on the days on which a person spoke in it; its minutes count wherever they were.
    select
        activity_date,
        business,
        count(*) filter (where human_prompt_count > 0) as session_count,
        sum(active_minutes) as active_minutes
    from session_days
    group by activity_date, business

)

select
    activity_date,
    business,
    session_count,
    active_minutes
from day_sums
order by activity_date, business is null, business
