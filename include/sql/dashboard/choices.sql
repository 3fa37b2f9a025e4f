-- choices: what the filters of the session list offer beside the profile's own words.
-- Grain:  one row.
-- Reads:  insights.claude_sessions
select
    array(
        select session.project
        from insights.claude_sessions as session
        where session.project is not null and session.category = 'human'
        group by session.project
        order by max(session.ended_at) desc nulls last, session.project
        limit 100
    ) as projects,
    array(
        select distinct session.machine
        from insights.claude_sessions as session
        order by session.machine
        limit 20
    ) as machines
