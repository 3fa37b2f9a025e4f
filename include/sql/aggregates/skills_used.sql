-- skills_used: the skills that the sessions of a window used, read or not.
-- Grain:  one row per skill, most sessions first.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

session_skills as (

    select distinct
        session.session_id,
        used.skill
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    cross join lateral jsonb_array_elements_text(session.skills_used) as used (skill)

),

skill_counts as (

    select
        skill,
        count(*) as session_count
    from session_skills
    group by skill

)

select
    skill,
    session_count
from skill_counts
order by session_count desc, skill
