-- relationship_pulse: whom the sessions of a window dealt with, and who wrote first.
-- Grain:  one row per person, most contacts first.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

contacts as (

    -- A contact is one person in one session, however often named.
    select
        session.session_id,
        mentioned.person,
        session.outreach_type
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    cross join lateral unnest(session.people) as mentioned (person)

),

contact_counts as (

    select
        person,
        count(*) as contact_count,
        count(*) filter (where outreach_type = 'proactive') as proactive_count,
        count(*) filter (where outreach_type = 'reactive') as reactive_count
    from contacts
    group by person

)

select
    person,
    contact_count,
    proactive_count,
    reactive_count
from contact_counts
order by contact_count desc, person
