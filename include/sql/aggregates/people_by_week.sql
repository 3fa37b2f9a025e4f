-- people_by_week: whom the sessions of the last 8 weeks dealt with, week by week.
-- Grain:  one row per (person, week) with a contact; the last week ends at window_end.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

weeks as (

    select %(window_end)s::date - 7 * number as week_start
    from generate_series(1, 8) as number

),

named as (

    -- Sessions that name the same people, together.
    select
        week.week_start,
        session.people,
        count(*) as session_count
    from weeks as week
    cross join lateral insights.window_facts(week.week_start, week.week_start + 7) as session
    group by week.week_start, session.people

)

-- A contact is one person in one session, however often named.
select
    mentioned.person,
    named.week_start,
    sum(named.session_count) as contact_count
from named
cross join lateral unnest(named.people) as mentioned (person)
group by mentioned.person, named.week_start
order by mentioned.person, named.week_start
