-- load_last_narrative: the text of the report on the days just before those of a snapshot.
-- Grain:  one row; none if there is no such report.
-- Reads:  insights.insights_snapshots
-- Params: snapshot_id
select earlier.narrative
from insights.insights_snapshots as snapshot
inner join insights.insights_snapshots as earlier
    on snapshot.period_start = earlier.period_end and snapshot.period_type = earlier.period_type
where
    snapshot.id = %(snapshot_id)s
    and earlier.narrative is not null
