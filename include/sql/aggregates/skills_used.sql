-- skills_used: the skills that the sessions of a window used, read or not.
-- Grain:  one row per skill, most sessions first.
-- Reads:  insights.window_sessions, insights.claude_sessions
-- Params: window_start, window_end -- local dates, half-open
with

session_skills as (

    select distinct
        session.session_id,
        used.skill
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.claude_sessions as transcript on session.session_id = transcript.id
    cross join lateral jsonb_array_elements_text(transcript.skills_used) as used (skill)

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
