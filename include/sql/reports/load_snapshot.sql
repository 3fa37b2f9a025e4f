-- load_snapshot: one report's figures, text and address.
-- Grain:  one row; none if the snapshot is gone.
-- Reads:  insights.insights_snapshots
-- Params: snapshot_id
select
    id,
    period_type,
    period_start,
    period_end,
    metrics,
    narrative,
    report_url,
    updated_at
from insights.insights_snapshots
where id = %(snapshot_id)s
