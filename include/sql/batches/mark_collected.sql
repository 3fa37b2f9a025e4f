-- mark_collected: every answer of a batch is kept.
-- Grain:  one row.
-- Writes: insights.facet_batches
-- Params: batch_id
update insights.facet_batches
set collected_at = now()
where
    id = %(batch_id)s
    and collected_at is null
