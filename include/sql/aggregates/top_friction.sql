-- top_friction: what went wrong in a window, with the sessions behind it.
-- Grain:  one row per finding, most sessions first.
-- Reads:  insights.window_sessions, insights.session_facets, insights.session_tools
-- Params: window_start, window_end -- local dates, half-open
with

sessions as (

    select
        session.*,
        facet.brief_summary,
        facet.friction_detail,
        facet.friction_counts,
        facet.retry_loops
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    left join insights.session_facets as facet on session.session_id = facet.session_id

),

connector_points as (

    -- A call that was refused never reached the connector, and is not counted.
    select
        session.session_id,
        'connector:' || coalesce(substring(called.tool from '^mcp__(.+?)__'), called.tool) as finding,
        sum(called.error_count) as point_count,
        sum(called.call_count) as call_count
    from sessions as session
    inner join insights.session_tools as called on session.session_id = called.session_id
    where
        called.activity_date >= %(window_start)s
        and called.activity_date < %(window_end)s
        and starts_with(called.tool, 'mcp__')
    group by session.session_id, finding

),

points as (

    select
        session.session_id,
        friction.kind as finding,
        friction.points::bigint as point_count,
        null::bigint as call_count,
        session.friction_detail as detail
    from sessions as session
    cross join lateral jsonb_each(session.friction_counts) as friction (kind, points)
    union all
    select
        session_id,
        'retry_loops' as finding,
        retry_loops as point_count,
        null as call_count,
        friction_detail as detail
    from sessions
    union all
    select
        session_id,
        finding,
        point_count,
        call_count,
        point_count || ' of ' || call_count || ' calls failed' as detail
    from connector_points

),

finding_sums as (

    select
        finding,
        sum(point_count) as point_count,
        count(*) filter (where point_count > 0) as session_count,
        sum(call_count) as call_count
    from points
    group by finding

),

ranked_points as (

    select
        point.finding,
        point.point_count,
        point.detail,
        session.*,
        row_number() over (
            partition by point.finding
            order by point.point_count desc, session.started_at desc nulls last, session.session_id
        ) as size_rank
    from points as point
    inner join sessions as session on point.session_id = session.session_id
    where point.point_count > 0

),

evidence_lists as (

    select
        finding,
        jsonb_agg(
            jsonb_build_object(
                'session_id', session_id,
                'title', title,
                'project', project,
                'started_at', started_at,
                'active_minutes', active_minutes,
                'summary', brief_summary,
                'detail', detail,
                'points', point_count
            )
            order by size_rank
        ) as evidence
    from ranked_points
    where size_rank <= 12
    group by finding

)

select
    finding_sums.finding,
    finding_sums.point_count,
    finding_sums.session_count,
    finding_sums.call_count,
    evidence_lists.evidence
from finding_sums
inner join evidence_lists on finding_sums.finding = evidence_lists.finding
order by finding_sums.session_count desc, finding_sums.point_count desc, finding_sums.finding
