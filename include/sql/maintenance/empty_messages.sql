-- empty_messages: the words of messages that were never posted and are no news any more.
-- The row stays, so that what perhaps was posted is not posted again.
-- Grain:  one row: how many.
-- Writes: insights.notifications
-- Params: kept_since -- timestamptz
--         result_limit -- at most so many
--         dry_run -- count them only
with

aged as (

    select id
    from insights.notifications
    where
        state <> 'sent'
        and payload <> '{}'
        and created_at < %(kept_since)s
    order by id
    limit %(result_limit)s

),

emptied as (

    update insights.notifications
    set payload = '{}'
    where
        not %(dry_run)s
        and id in (select aged.id from aged)

)

select count(*) as row_count
from aged
