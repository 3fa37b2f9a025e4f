-- release_owners: messages lose the owner that is no longer the first in time.
-- Params: message_ids
with claims as (

    -- Copies with equal times: the session that stopped first owns the history.
    select
        message.session_id,
        message.message_id,
        row_number() over (
            partition by message.message_id
            order by
                message.at asc nulls last,
                session.last_record_at asc nulls last,
                session.transcript_path asc,
                message.session_id asc
        ) as place
    from insights.session_messages as message
    inner join insights.claude_sessions as session on message.session_id = session.id
    where message.message_id = any(%(message_ids)s)

)

update insights.session_messages as message
set is_owner = false
from claims
where
    message.session_id = claims.session_id
    and message.message_id = claims.message_id
    and message.is_owner
    and claims.place > 1
