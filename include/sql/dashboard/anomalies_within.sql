-- anomalies_within: what was abnormal in a window and is not over.
-- Grain:  one row per anomaly, newest first.
-- Reads:  insights.anomalies
-- Params: window_start, window_end -- local dates, half-open
select
    metric,
    window_start,
    window_end,
    explanation
from insights.anomalies
where
    state <> 'closed'
    and window_start < %(window_end)s
    and window_end > %(window_start)s
order by window_start desc, metric
limit 5
