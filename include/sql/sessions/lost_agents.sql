-- lost_agents: sub-agents that stood inside one of these files and stand there no longer.
-- Grain:  one row a session
-- Params: machines, paths -- side by side
--         parent_ids      -- of the sessions that the files give
--         session_ids     -- that the files give
select session.id as session_id
from insights.claude_sessions as session
inner join unnest(%(machines)s::text[], %(paths)s::text[]) as file (machine, path)
    on session.machine = file.machine and session.transcript_path = file.path
where
    session.parent_session_id = any(%(parent_ids)s)
    and session.id <> all(%(session_ids)s)
order by session.id
