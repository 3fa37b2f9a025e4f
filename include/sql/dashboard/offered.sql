-- offered: what the filters of the overview offer beside the profile's own businesses.
-- Grain:  one row; null in a list is unknown.
-- Reads:  insights.claude_sessions
with

sessions as (

    select
        machine,
        project,
        initiated_by,
        ended_at
    from insights.claude_sessions
    where
        category = 'human'
        and (human_prompt_count >= 2 or active_minutes >= 1)

)

select
    (
        select array_agg(project order by is_unknown, last_spoken_at desc nulls last, project)
        from (
            select
                project,
                project is null as is_unknown,
                max(ended_at) as last_spoken_at
            from sessions
            group by project
            order by is_unknown, last_spoken_at desc nulls last, project
            limit 40
        ) as latest
    ) as projects,
    (select array_agg(distinct machine) from sessions) as machines,
    (select array_agg(distinct initiated_by) from sessions) as initiators
