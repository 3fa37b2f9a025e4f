-- purge_family: the given sessions with all their sub-agents.
-- Grain:  one row a session
-- Params: session_ids
with recursive family as (

    select
        id,
        title
    from insights.claude_sessions
    where id = any(%(session_ids)s)
    union
    select
        child.id,
        child.title
    from insights.claude_sessions as child
    inner join family on child.parent_session_id = family.id

)

select
    id,
    title
from family
order by id
