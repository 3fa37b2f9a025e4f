-- load_running: since when each metric has been abnormal.
-- Grain:  one row per metric with an anomaly that is not closed.
-- Reads:  insights.anomalies
select
    metric,
    window_start
from insights.anomalies
where state <> 'closed'
order by metric
