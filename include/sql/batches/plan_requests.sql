-- plan_requests: put sessions into a batch; one that waits in another batch, or has its answer, is left out.
-- Grain:  one row per session.
-- Writes: insights.facet_batch_requests
-- Params: batch_id
--         session_ids -- text[]
--         prompt_version, force
insert into insights.facet_batch_requests (
    custom_id,
    batch_id,
    session_id,
    content_hash
)
select
    %(batch_id)s || '-' || row_number() over (order by session.id) as custom_id,
    %(batch_id)s,
    session.id,
    session.content_hash
from insights.claude_sessions as session
left join insights.session_facets as facet on session.id = facet.session_id
where
    session.id = any(%(session_ids)s::text[])
    and coalesce(session.last_record_at > session.entries_deleted_until, session.entries_deleted_until is null)
    and (
        %(force)s
        or not coalesce(
            facet.content_hash = session.content_hash
            and facet.reader <> 'offline'
            and facet.prompt_version = %(prompt_version)s,
            false
        )
    )
order by session.id
on conflict (session_id) where state = 'open' do nothing
returning session_id
