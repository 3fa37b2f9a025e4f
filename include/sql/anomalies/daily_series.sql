-- daily_series: what anomalies are looked for in: each day's sum of a metric and the sessions of which it is known.
-- A session stands on the last of its days in the window; cost stands on the day on which it arose.
-- Grain:  one row per (metric, activity_date) with a session.
-- Reads:  insights.window_sessions, insights.session_days, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

sessions as (

    select
        session.session_id,
        max(day.activity_date) as activity_date
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_days as day on session.session_id = day.session_id
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
        and day.human_prompt_count > 0
    group by session.session_id

),

facets as (

    select
        session.session_id,
        session.activity_date,
        facet.reader,
        facet.updated_at,
        facet.course_corrections,
        facet.retry_loops,
        facet.mcp_failures,
        facet.session_cut_short::int as cut_short,
        friction.points as friction_points
    from sessions as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id
    left join lateral (
        select sum(kind.points::bigint)::bigint as points
        from jsonb_each_text(facet.friction_counts) as kind (name, points)
    ) as friction on true

),

readers as (

    -- What another reader judged before does not compare.
    select distinct on (activity_date)
        activity_date,
        reader
    from facets
    order by activity_date desc, updated_at desc, session_id
    limit 1

),

judged_values as (

    select
        facet.activity_date,
        metric.name as metric,
        metric.value
    from facets as facet
    inner join readers as reader on facet.reader = reader.reader
    cross join
        lateral (
            values
            ('course_corrections', facet.course_corrections::bigint),
            ('friction_points', facet.friction_points),
            ('retry_loops', facet.retry_loops),
            ('mcp_failures', facet.mcp_failures),
            ('cut_short', facet.cut_short)
        ) as metric (name, value)
    where metric.value is not null

),

unread_values as (

    select
        session.activity_date,
        'unread' as metric,
        (facet.session_id is null)::int::bigint as value
    from sessions as session
    left join insights.session_facets as facet on session.session_id = facet.session_id

),

costs as (

    -- Sub-agents are in; a day on which no message has a price is unknown.
    select
        day.activity_date,
        'cost_usd' as metric,
        sum(day.cost_usd::numeric)::double precision as value
    from sessions as session
    inner join insights.session_days as day on session.session_id = day.session_id
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
        and day.cost_usd is not null
    group by day.session_id, day.activity_date

),

all_values as (

    select * from judged_values
    union all
    select * from unread_values
    union all
    select * from costs

)

select
    metric,
    activity_date,
    count(*) as session_count,
    sum(value)::double precision as total,
    sum(value::double precision ^ 2) as squares
from all_values
group by metric, activity_date
order by metric, activity_date
