-- skills_missed: the skills that would have fitted what was done by hand, with the sessions.
-- Grain:  one row per skill, most sessions first.
-- Reads:  insights.window_facts, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

missed_skills as (

    select distinct
        session.session_id,
        session.title,
        session.project,
        session.started_at,
        session.active_minutes,
        missed.skill
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    cross join lateral jsonb_array_elements_text(session.skills_missed) as missed (skill)

),

ranked_skills as (

    select
        *,
        count(*) over (partition by skill) as session_count,
        row_number() over (
            partition by skill
            order by started_at desc nulls last, session_id
        ) as newest_rank
    from missed_skills

)

select
    session.skill,
    session.session_count,
    jsonb_agg(
        jsonb_build_object(
            'session_id', session.session_id,
            'title', session.title,
            'project', session.project,
            'started_at', session.started_at,
            'active_minutes', session.active_minutes,
            'summary', (
                select facet.brief_summary
                from insights.session_facets as facet
                where facet.session_id = session.session_id
            ),
            'detail', (
                select facet.underlying_goal
                from insights.session_facets as facet
                where facet.session_id = session.session_id
            )
        )
        order by session.newest_rank
    ) as evidence
-- Texts are looked up for these few alone: a join would read all.
from ranked_skills as session
where session.newest_rank <= 12
group by session.skill, session.session_count
order by session.session_count desc, session.skill
