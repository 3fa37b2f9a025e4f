-- skills_missed: the skills that would have fitted what was done by hand, with the sessions.
-- Grain:  one row per skill, most sessions first.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

missed_skills as (

    select distinct
        session.session_id,
        session.title,
        session.project,
        session.started_at,
        session.active_minutes,
        facet.brief_summary,
        facet.underlying_goal,
        missed.skill
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id
    cross join lateral jsonb_array_elements_text(facet.skills_missed) as missed (skill)

),

ranked_skills as (

    select
        *,
        row_number() over (
            partition by skill
            order by started_at desc nulls last, session_id
        ) as newest_rank
    from missed_skills

),

skill_sums as (

    select
        skill,
        count(*) as session_count,
        jsonb_agg(
            jsonb_build_object(
                'session_id', session_id,
                'title', title,
                'project', project,
                'started_at', started_at,
                'active_minutes', active_minutes,
                'summary', brief_summary,
                'detail', underlying_goal
            )
            order by newest_rank
        ) filter (where newest_rank <= 12) as evidence
    from ranked_skills
    group by skill

)

select
    skill,
    session_count,
    evidence
from skill_sums
order by session_count desc, skill
