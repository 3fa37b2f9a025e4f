-- offered: what the filters of the overview offer beside the profile's own businesses.
-- Each value is looked up after the one before it, so that the work grows with values and not with sessions.
-- Grain:  one row; null in a list is unknown.
-- Reads:  insights.claude_sessions
with recursive

projects as (

    (
        select session.project
        from insights.claude_sessions as session
        where
            session.category = 'human'
            and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
            and session.project is not null
        order by session.project
        limit 1
    )
    union all
    select (
        select session.project
        from insights.claude_sessions as session
        where
            session.category = 'human'
            and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
            and session.project > found.project
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
        where
            session.category = 'human'
            and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
        order by session.machine
        limit 1
    )
    union all
    select (
        select session.machine
        from insights.claude_sessions as session
        where
            session.category = 'human'
            and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
            and session.machine > found.machine
        order by session.machine
        limit 1
    ) as machine
    from machines as found
    where found.machine is not null

),

initiators as (

    (
        select session.initiated_by
        from insights.claude_sessions as session
        where
            session.category = 'human'
            and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
            and session.initiated_by is not null
        order by session.initiated_by
        limit 1
    )
    union all
    select (
        select session.initiated_by
        from insights.claude_sessions as session
        where
            session.category = 'human'
            and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
            and session.initiated_by > found.initiated_by
        order by session.initiated_by
        limit 1
    ) as initiated_by
    from initiators as found
    where found.initiated_by is not null

),

unknown as (

    select
        exists(
            select
            from insights.claude_sessions as session
            where
                session.category = 'human'
                and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
                and session.project is null
        ) as has_project,
        exists(
            select
            from insights.claude_sessions as session
            where
                session.category = 'human'
                and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
                and session.initiated_by is null
        ) as has_initiator

),

latest as (

    select
        found.project,
        (
            select max(session.ended_at)
            from insights.claude_sessions as session
            where
                session.category = 'human'
                and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
                and session.project = found.project
        ) as last_spoken_at
    from projects as found
    where found.project is not null
    order by last_spoken_at desc nulls last, found.project
    limit 40

)

-- Of 40 known projects and more the unknown is left out.
select
    (
        select array_agg(listed.project order by listed.place)
        from (
            select
                latest.project,
                row_number() over (order by latest.last_spoken_at desc nulls last, latest.project) as place
            from latest
            union all
            select
                null as project,
                41 as place
            from unknown
            where unknown.has_project and (select count(*) from latest) < 40
        ) as listed
    ) as projects,
    (
        select array_agg(found.machine order by found.machine) from machines as found
        where found.machine is not null)
        as machines,
    (
        select array_agg(listed.initiated_by order by listed.initiated_by)
        from (
            select found.initiated_by
            from initiators as found
            where found.initiated_by is not null
            union all
            select null as initiated_by
            from unknown
            where unknown.has_initiator
        ) as listed
    ) as initiators
