-- load_open: anomalies that nobody was told of. After two days they are no news.
-- Grain:  one row per anomaly, oldest first.
-- Reads:  insights.anomalies
select
    id,
    metric,
    window_start,
    explanation
from insights.anomalies
where
    state = 'open'
    and detected_at > now() - interval '2 days'
order by window_start, metric
