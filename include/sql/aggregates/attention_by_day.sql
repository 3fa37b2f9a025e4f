-- attention_by_day: the active minutes of each day, by business.
-- Grain:  one row per (local date, business) with a session; null, the unread and unknown, last.
-- Reads:  insights.window_facts, insights.day_facts
-- Params: window_start, window_end -- local dates, half-open
with

session_days as (

    select
        day.activity_date,
        session.business,
        day.human_prompt_count,
        day.active_minutes
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    inner join insights.day_facts as day on session.session_id = day.session_id
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
        and day.is_counted
        and (day.human_prompt_count > 0 or day.active_minutes > 0)

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
