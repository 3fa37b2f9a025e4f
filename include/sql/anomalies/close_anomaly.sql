-- close_anomaly: a metric is back to normal.
-- Grain:  one row per anomaly closed.
-- Writes: insights.anomalies
-- Params: metric, day -- local date
update insights.anomalies
set
    state = 'closed',
    closed_at = now()
where
    metric = %(metric)s
    and state <> 'closed'
    and window_start <= %(day)s
returning id
