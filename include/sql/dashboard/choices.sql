-- choices: what the filters of the session list offer beside the profile's own words.
-- Each value is looked up after the one before it, so that the work grows with values and not with sessions.
-- Grain:  one row.
-- Reads:  insights.claude_sessions
with recursive

found as (

    select
        field,
        '' as value
    from unnest('{project,machine}'::text[]) as field
    union all
    select
        found.field,
        later.value
    from found
    cross join
        lateral (
            select min(session.project) as value
            from insights.claude_sessions as session
            where found.field = 'project' and session.category = 'human' and session.project > found.value
            union all
            select min(session.machine) as value
            from insights.claude_sessions as session
            where found.field = 'machine' and session.machine > found.value
        ) as later
    where later.value is not null

)

select
    array(
        select value
        from found
        where field = 'project' and value <> ''
        order by
            (
                select max(session.ended_at)
                from insights.claude_sessions as session
                where session.category = 'human' and session.project = found.value
            ) desc nulls last,
        value
        limit 100
    ) as projects,
    array(
        select value
        from found
        where field = 'machine' and value <> ''
        order by value
        limit 20
    ) as machines
