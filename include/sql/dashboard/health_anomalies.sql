-- health_anomalies: what is far from its baseline now.
-- Grain:  one row per anomaly that is not closed, newest first.
-- Reads:  insights.anomalies
-- Params: none
select
    metric,
    window_start,
    value,
    baseline,
    session_count,
    baseline_count,
    explanation
from insights.anomalies
where state <> 'closed'
order by window_start desc, metric
