-- mark_not_ours: what was taken for a batch holds somebody else's answers.
-- Grain:  one row.
-- Writes: insights.facet_batches
-- Params: batch_id
update insights.facet_batches
set
    not_ours = not_ours || to_jsonb(provider_id),
    provider_id = null,
    is_recognized = false,
    sent_at = null
where
    id = %(batch_id)s
    and provider_id is not null
