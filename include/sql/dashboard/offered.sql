-- offered: what the filters of the overview offer beside the profile's own businesses.
-- Each value is looked up after the one before it, so that the work grows with values and not with sessions.
-- Grain:  one row; null in a list is unknown.
-- Reads:  insights.claude_sessions
with recursive

yours as not materialized (

    select
        project,
        machine,
        initiated_by,
        ended_at
    from insights.claude_sessions
    where category = 'human' and (human_prompt_count >= 2 or active_minutes >= 1)

),

found as (

    select
        field,
        '' as value
    from unnest('{project,machine,initiated_by}'::text[]) as field
    union all
    select
        found.field,
        later.value
    from found
    cross join
        lateral (
            select min(yours.project) as value
            from yours
            where found.field = 'project' and yours.project > found.value
            union all
            select min(yours.machine) as value
            from yours
            where found.field = 'machine' and yours.machine > found.value
            union all
            select min(yours.initiated_by) as value
            from yours
            where found.field = 'initiated_by' and yours.initiated_by > found.value
        ) as later
    where later.value is not null

),

placed as (

    -- Projects by when they were last spoken about, the others by name, the unknown last.
    select
        found.field,
        found.value,
        row_number() over (
            partition by found.field
            order by
                case when found.field = 'project' then (
                    select max(yours.ended_at)
                    from yours
                    where yours.project = found.value
                ) end desc nulls last,
                found.value
        ) as place
    from found
    where found.value <> ''
    union all
    select
        'project' as field,
        null as value,
        null as place
    where
        exists (
            select from yours
            where project is null
        )
    union all
    select
        'initiated_by' as field,
        null as value,
        null as place
    where exists (
        select from yours
        where initiated_by is null
    )

)

select
    (array_agg(value order by place) filter (where field = 'project'))[:40] as projects,
    array_agg(value order by place) filter (where field = 'machine') as machines,
    array_agg(value order by place) filter (where field = 'initiated_by') as initiators
from placed
