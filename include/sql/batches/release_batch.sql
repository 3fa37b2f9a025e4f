-- release_batch: let go what hold_batch holds.
-- Grain:  one row.
-- Params: batch_id
select pg_advisory_unlock(hashtextextended(%(batch_id)s, 0)) as released
