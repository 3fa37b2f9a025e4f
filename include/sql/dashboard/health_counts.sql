-- health_counts: what waits and what is kept.
-- Grain:  one row.
-- Reads:  insights.claude_sessions, insights.session_facets, insights.transcript_archive, insights.facet_batches,
--         insights.notifications
-- Params: attempts, questions -- integer[], as failed_with has them: a session that failed so often with
--         one of them is given up
with

queue as (

    select
        count(*) filter (where facet.session_id is null) as unread_count,
        count(facet.session_id) as changed_count
    from insights.claude_sessions as session
    left join insights.session_facets as facet on session.id = facet.session_id
    where
        session.category = 'human'
        and session.read_with = 0
        -- Without its text a session can be read no more.
        and coalesce(session.last_record_at > session.entries_deleted_until, session.entries_deleted_until is null)
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
        and not (session.failure_count >= %(attempts)s and session.failed_with = any(%(questions)s::int[]))

),

given_up as (

    select count(*) as given_up_count
    from insights.claude_sessions
    where
        category = 'human'
        and coalesce(last_record_at > entries_deleted_until, entries_deleted_until is null)
        and (human_prompt_count >= 2 or active_minutes >= 1)
        and failure_count > 0  -- for its index
        and failure_count >= %(attempts)s
        and failed_with = any(%(questions)s::int[])

),

archive as (

    select
        count(*) as archived_count,
        coalesce(sum(stored_bytes), 0)::bigint as stored_bytes,
        coalesce(sum(size_bytes), 0)::bigint as size_bytes
    from insights.transcript_archive

),

batches as (

    select
        count(*) as open_batch_count,
        min(planned_at) as oldest_batch_at
    from insights.facet_batches
    where collected_at is null

),

outbox as (

    select
        count(*) filter (where state = 'failed') as undelivered_count,
        count(*) filter (where state = 'sending' and claimed_at < now() - interval '1 hour') as uncertain_count
    from insights.notifications

)

select
    queue.unread_count,
    queue.changed_count,
    given_up.given_up_count,
    archive.archived_count,
    archive.stored_bytes,
    archive.size_bytes,
    batches.open_batch_count,
    batches.oldest_batch_at,
    outbox.undelivered_count,
    outbox.uncertain_count
from queue
cross join given_up
cross join archive
cross join batches
cross join outbox
