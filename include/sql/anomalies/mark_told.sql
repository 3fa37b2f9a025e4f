-- mark_told: somebody was told of an anomaly.
-- Grain:  one row: its id.
-- Writes: insights.anomalies
-- Params: anomaly_id
update insights.anomalies
set
    state = 'told',
    told_at = now()
where
    id = %(anomaly_id)s
    and state = 'open'
returning id
