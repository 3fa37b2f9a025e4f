-- mark_sent: the API has a batch, under this name.
-- Grain:  one row.
-- Writes: insights.facet_batches
-- Params: batch_id, provider_id, is_recognized
update insights.facet_batches
set
    provider_id = %(provider_id)s,
    is_recognized = %(is_recognized)s,
    sent_at = now()
where id = %(batch_id)s
