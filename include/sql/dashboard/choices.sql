-- choices: what the filters of the session list offer beside the profile's own words.
-- Grain:  one row.
-- Reads:  insights.claude_sessions
--
-- From one project to the next, by an index: a look at every session would be paid by each view.
with recursive

projects as (

    select min(project) as project
    from insights.claude_sessions
    where category = 'human'
    union all
    select (
        select min(session.project)
        from insights.claude_sessions as session
        where session.category = 'human' and session.project > projects.project
    )
    from projects
    where projects.project is not null

),

machines as (

    select min(machine) as machine
    from insights.claude_sessions
    union all
    select (
        select min(session.machine)
        from insights.claude_sessions as session
        where session.machine > machines.machine
    )
    from machines
    where machines.machine is not null

)

select
    array(
        select projects.project
        from projects
        inner join lateral (
            select max(session.ended_at) as ended_at
            from insights.claude_sessions as session
            where session.category = 'human' and session.project = projects.project
        ) as newest on true
        where projects.project is not null
        order by newest.ended_at desc nulls last, projects.project
        limit 100
    ) as projects,
    array(
        select machines.machine
        from machines
        where machines.machine is not null
        order by machines.machine
        limit 20
    ) as machines
