-- purge_forks: other sessions that hold copied history of the given ones.
-- Grain:  one row a session
-- Params: session_ids
--
-- A copy keeps the times of what it copies: only sessions of the same time can share an entry. There is no index over
-- uuids, because each would be written by every sync for a purge that comes once a year.
with

own_entries as (

    select
        uuid,
        session_id
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

    select session.id
    from insights.claude_sessions as session
    cross join own_times
    where
        session.id <> all(%(session_ids)s)
        and (
            own_times.is_unknown
            or session.first_record_at is null
            or (session.first_record_at <= own_times.last_at and session.last_record_at >= own_times.first_at)
        )

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
inner join insights.session_entries as entry on same_time.id = entry.session_id
inner join own_entries as own on entry.uuid = own.uuid
union
select session.id
from insights.claude_sessions as session
where
    (session.forked_from = any(%(session_ids)s) or session.resumed_from = any(%(session_ids)s))
    and session.id <> all(%(session_ids)s)
order by id
