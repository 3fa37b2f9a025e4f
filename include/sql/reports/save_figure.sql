-- save_figure: one aggregate of a snapshot, merged in place; the row is locked while the others wait.
-- Grain:  one row: its id; none if the snapshot is gone.
-- Writes: insights.insights_snapshots
-- Params: snapshot_id, name, figure -- jsonb {current, previous}
update insights.insights_snapshots
set
    metrics = metrics || jsonb_build_object(%(name)s::text, %(figure)s::jsonb),
    updated_at = now()
where id = %(snapshot_id)s
returning id
