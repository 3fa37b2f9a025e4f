-- open_anomaly: keep the first abnormal day of a metric, or let an open anomaly go on; a closed one stays closed.
-- Grain:  one row: its id; none if the anomaly of this day was closed before.
-- Writes: insights.anomalies
-- Params: metric, day -- local date, value, baseline, session_count, baseline_count, explanation
with

going_on as (

    update insights.anomalies
    set window_end = greatest(window_end, %(day)s::date + 1)
    where
        metric = %(metric)s
        and state <> 'closed'
        and window_start < %(day)s
    returning id

),

fresh as (

    insert into insights.anomalies as anomaly (
        metric, window_start, window_end, value, baseline, session_count, baseline_count, explanation
    )
    select
        %(metric)s,
        %(day)s::date,
        %(day)s::date + 1,
        %(value)s,
        %(baseline)s,
        %(session_count)s,
        %(baseline_count)s,
        %(explanation)s
    where not exists (select from going_on)
    -- Figures follow while the day is read on; what was told stays as it was told.
    on conflict (metric, window_start) do update
        set
            value = excluded.value,
            baseline = excluded.baseline,
            session_count = excluded.session_count,
            baseline_count = excluded.baseline_count,
            explanation = excluded.explanation
        where anomaly.state = 'open'
    returning anomaly.id

)

select id from going_on
union all
select id from fresh
