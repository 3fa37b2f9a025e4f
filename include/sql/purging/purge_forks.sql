-- purge_forks: other sessions that hold copied history of the given ones.
-- Grain:  one row a session
-- Params: session_ids
--
-- A copy keeps the times of what it copies: only sessions of the same time can share an entry. There is no index over
-- uuids, because each would be written by every sync for a purge that comes once a year.
with

own_entries as (

    select uuid
    from insights.session_entries
    where
        session_id = any(%(session_ids)s)
        and uuid is not null

),

own_times as (

    select
        min(first_record_at) as first_at,
        max(last_record_at) as last_at,
        bool_or(first_record_at is null) as is_unknown
    from insights.claude_sessions
    where id = any(%(session_ids)s)

),

same_time as (

    select id
    from insights.claude_sessions
    where
        -- Without an end the planner takes it for a third of all, and reads them all where pages are dear.
        ended_at between (select own_times.first_at from own_times) and 'infinity'
        and first_record_at <= (select own_times.last_at from own_times)
    union
    select id
    from insights.claude_sessions
    where ended_at is null
    union
    select id
    from insights.claude_sessions
    where (select own_times.is_unknown from own_times)

)

select message.session_id as id
from insights.session_messages as message
inner join insights.session_messages as own on message.message_id = own.message_id
where
    own.session_id = any(%(session_ids)s)
    and message.session_id <> all(%(session_ids)s)
union
select same_time.id
from same_time
inner join lateral (
    select entry.entry_no
    from insights.session_entries as entry
    where
        entry.session_id = same_time.id
        and same_time.id <> all(%(session_ids)s)
        and entry.uuid = any(array(select own_entries.uuid from own_entries))
    order by entry.entry_no
    limit 1
) as shared on true
union
select session.id
from insights.claude_sessions as session
where
    (session.forked_from = any(%(session_ids)s) or session.resumed_from = any(%(session_ids)s))
    and session.id <> all(%(session_ids)s)
order by id
