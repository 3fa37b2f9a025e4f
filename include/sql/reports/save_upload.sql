-- save_upload: one more address that a page of this report is put to.
-- Grain:  one row: its id; none if the snapshot is gone.
-- Writes: insights.insights_snapshots
-- Params: snapshot_id, path
update insights.insights_snapshots
set uploads = array_append(array_remove(uploads, %(path)s::text), %(path)s::text)
where id = %(snapshot_id)s
returning id
