-- save_narrative: the text of a snapshot.
-- Grain:  one row: its id; none if the snapshot is gone.
-- Writes: insights.insights_snapshots
-- Params: snapshot_id, narrative -- jsonb
update insights.insights_snapshots
set
    narrative = %(narrative)s::jsonb,
    updated_at = case when narrative is distinct from %(narrative)s::jsonb then now() else updated_at end
where id = %(snapshot_id)s
returning id
