-- hold_batch: one process at a time sends a batch; waits until it is free, and is let go when the process dies.
-- Grain:  one row.
-- Params: batch_id
select pg_advisory_lock(hashtextextended(%(batch_id)s, 0)) as held
