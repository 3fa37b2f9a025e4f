-- value_by_skill: the time saved by the sessions read, by the skill that they used.
-- Grain:  one row per skill, most sessions first; null, no skill, last.
-- Reads:  insights.window_facts
-- Period: monthly
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    -- A session with two skills counts under the first by name, so that the rows add up.
    select
        skills_used ->> 0 as skill,
        estimated_time_saved_minutes
    from insights.window_facts(%(window_start)s, %(window_end)s)
    where is_read

),

skill_sums as (

    -- A sum adds what is known. It is null when none of the sessions is known.
    select
        skill,
        count(*) as read_count,
        sum(estimated_time_saved_minutes) as time_saved_minutes,
        count(estimated_time_saved_minutes) as time_saved_known_count
    from read_sessions
    group by skill

)

select
    skill,
    read_count,
    time_saved_minutes,
    time_saved_known_count
from skill_sums
order by skill is null, read_count desc, skill
