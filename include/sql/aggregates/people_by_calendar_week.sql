-- people_by_calendar_week: whom the sessions of a window dealt with, in each of its weeks from Sunday to Saturday.
-- Grain:  one row per (person, week) with a contact; the first and the last week end where the window does.
-- Reads:  insights.window_facts, insights.session_days
-- Period: monthly
-- Params: window_start, window_end -- local dates, half-open
with

first_days as (

    -- A session counts in the week in which a person first spoke in it, so that the weeks add up to the window.
    select
        session.session_id,
        session.people,
        min(day.activity_date) as activity_date
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    inner join insights.session_days as day on session.session_id = day.session_id
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
        and day.human_prompt_count > 0
    group by session.session_id, session.people

),

contacts as (

    -- A contact is one person in one session, however often named.
    select
        first_day.session_id,
        greatest(
            first_day.activity_date - extract(dow from first_day.activity_date)::integer, %(window_start)s::date
        ) as week_start,
        mentioned.person
    from first_days as first_day
    cross join lateral unnest(first_day.people) as mentioned (person)

)

select
    person,
    week_start,
    count(*) as contact_count
from contacts
group by person, week_start
order by person, week_start
