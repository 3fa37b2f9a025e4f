-- people_by_week: whom the sessions of the last 8 weeks dealt with, week by week.
-- Grain:  one row per (person, week) with a contact; the last week ends at window_end.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

weeks as (

    select %(window_end)s::date - 7 * number as week_start
    from generate_series(1, 8) as number

),

contacts as (

    -- A contact is one person in one session, however often named.
    select
        week.week_start,
        session.session_id,
        mentioned.person
    from weeks as week
    cross join lateral insights.window_facts(week.week_start, week.week_start + 7) as session
    cross join lateral unnest(session.people) as mentioned (person)

)

select
    person,
    week_start,
    count(*) as contact_count
from contacts
group by person, week_start
order by person, week_start
