-- choices: what the filters of the session list offer beside the profile's own words.
-- Each value is looked up after the one before it, so that the work grows with values and not with sessions.
-- Grain:  one row.
-- Reads:  insights.claude_sessions
with recursive

projects as (

    (
        select session.project
        from insights.claude_sessions as session
        where session.category = 'human' and session.project is not null
        order by session.project
        limit 1
    )
    union all
    select (
        select session.project
        from insights.claude_sessions as session
        where session.category = 'human' and session.project > found.project
        order by session.project
        limit 1
    ) as project
    from projects as found
    where found.project is not null

),

machines as (

    (
        select session.machine
        from insights.claude_sessions as session
        order by session.machine
        limit 1
    )
    union all
    select (
        select session.machine
        from insights.claude_sessions as session
        where session.machine > found.machine
        order by session.machine
        limit 1
    ) as machine
    from machines as found
    where found.machine is not null

)

select
    array(
        select found.project
        from projects as found
        where found.project is not null
        order by
            (
                select max(session.ended_at)
                from insights.claude_sessions as session
                where session.category = 'human' and session.project = found.project
            ) desc nulls last,
        found.project
        limit 100
    ) as projects,
    array(
        select found.machine
        from machines as found
        where found.machine is not null
        order by found.machine
        limit 20
    ) as machines
