-- relationship_pulse: whom the sessions of a window dealt with, and who wrote first.
-- Grain:  one row per person, most contacts first.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

named as (

    -- Sessions that name the same people, together.
    select
        people,
        outreach_type,
        count(*) as session_count
    from insights.window_facts(%(window_start)s, %(window_end)s)
    group by people, outreach_type

),

contact_counts as (

    select
        mentioned.person,
        -- A contact is one person in one session, however often named.
        sum(named.session_count) as contact_count,
        coalesce(sum(named.session_count) filter (where named.outreach_type = 'proactive'), 0) as proactive_count,
        coalesce(sum(named.session_count) filter (where named.outreach_type = 'reactive'), 0) as reactive_count
    from named
    cross join lateral unnest(named.people) as mentioned (person)
    group by mentioned.person

)

select
    person,
    contact_count,
    proactive_count,
    reactive_count
from contact_counts
order by contact_count desc, person
