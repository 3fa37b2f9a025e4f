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
    array(
        select project
        from sessions
        group by project
        order by project is null, max(ended_at) desc nulls last, project
        limit 40
    ) as projects,
    array(
        select machine
        from sessions
        group by machine
        order by machine
        limit 20
    ) as machines,
    array(
        select initiated_by
        from sessions
        group by initiated_by
        order by initiated_by is null, initiated_by
        limit 10
    ) as initiators
