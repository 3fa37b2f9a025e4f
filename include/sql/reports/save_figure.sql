-- save_figure: one aggregate of a snapshot, merged in place; the row is locked while the others wait.
-- updated_at moves only when the figure is another one, so that a report made again is the same to the byte.
-- Grain:  one row: its id; none if the snapshot is gone.
-- Writes: insights.insights_snapshots
-- Params: snapshot_id, name, figure -- jsonb {current, previous}
update insights.insights_snapshots
set
    metrics = metrics || jsonb_build_object(%(name)s::text, %(figure)s::jsonb),
    updated_at = case when metrics -> %(name)s::text is distinct from %(figure)s::jsonb then now() else updated_at end
where id = %(snapshot_id)s
returning id
