-- mark_copied: entries of history that another session owns.
-- Params: session_ids
--
-- Copied history stands at the start of a file. By message.id all of it up to the last copied message is known;
-- what follows it up to the first own message is told by equal uuids. A stray message in the middle marks itself only.
with first_own as (

    select
        session_id,
        min(last_record_no) filter (where is_owner) as record_no
    from insights.session_messages
    where session_id = any(%(session_ids)s)
    group by session_id

),

history as (

    select
        message.session_id,
        first_own.record_no as first_own_no,
        max(message.last_record_no) as last_copied_no
    from insights.session_messages as message
    inner join first_own on message.session_id = first_own.session_id
    where
        message.session_id = any(%(session_ids)s)
        and not message.is_owner
        and (first_own.record_no is null or message.last_record_no < first_own.record_no)
    group by message.session_id, first_own.record_no

),

owners as (

    select distinct
        message.session_id,
        owner.session_id as owner_id
    from insights.session_messages as message
    inner join insights.session_messages as owner on message.message_id = owner.message_id and owner.is_owner
    where
        message.session_id = any(%(session_ids)s)
        and not message.is_owner

),

originals as (

    select
        owners.session_id,
        original.uuid
    from owners
    inner join insights.session_entries as original on owners.owner_id = original.session_id
    where original.uuid is not null

),

copied as (

    select
        entry.session_id,
        entry.entry_no,
        coalesce(
            entry.record_no <= history.last_copied_no
            or (entry.message_id is not null and not message.is_owner)
            or (
                (history.first_own_no is null or entry.record_no < history.first_own_no)
                and (entry.session_id, entry.uuid) in (
                    select
                        session_id,
                        uuid
                    from originals
                )
            ),
            false
        ) as is_copied
    from insights.session_entries as entry
    left join history on entry.session_id = history.session_id
    left join insights.session_messages as message
        on
            entry.session_id = message.session_id
            and entry.message_id = message.message_id
            and message.session_id = any(%(session_ids)s)
    where entry.session_id = any(%(session_ids)s)

)

update insights.session_entries as entry
set is_copied = copied.is_copied
from copied
where
    entry.session_id = copied.session_id
    and entry.entry_no = copied.entry_no
    and entry.is_copied <> copied.is_copied
