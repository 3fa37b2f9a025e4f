-- save_report_url: where the report of a snapshot can be read.
-- Grain:  one row: its id; none if the snapshot is gone.
-- Writes: insights.insights_snapshots
-- Params: snapshot_id, report_url
update insights.insights_snapshots
set report_url = %(report_url)s
where id = %(snapshot_id)s
returning id
