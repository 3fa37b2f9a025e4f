-- top_friction: what went wrong in a window, with the sessions behind it.
-- Grain:  one row per finding, most sessions first.
-- Reads:  insights.window_facts, insights.session_facets, insights.session_tools
-- Params: window_start, window_end -- local dates, half-open
with

sessions as (

    select
        session_id,
        title,
        project,
        started_at,
        active_minutes,
        friction_counts,
        has_friction,
        retry_loops
    from insights.window_facts(%(window_start)s, %(window_end)s)

),

connector_calls as (

    -- A call that was refused never reached the connector, and is not counted.
    select
        session.session_id,
        session.started_at,
        called.tool,
        called.call_count,
        called.error_count
    from sessions as session
    inner join insights.session_tools as called on session.session_id = called.session_id
    where
        called.activity_date >= %(window_start)s
        and called.activity_date < %(window_end)s
        and starts_with(called.tool, 'mcp__')

),

tool_calls as (

    select
        tool,
        sum(call_count) as call_count
    from connector_calls
    group by tool

),

connectors as (

    select
        tool,
        'connector:' || coalesce(substring(tool from '^mcp__(.+?)__'), tool) as finding,
        call_count
    from tool_calls

),

points as (

    select
        session.session_id,
        session.started_at,
        friction.kind as finding,
        friction.points::bigint as point_count
    from sessions as session
    cross join lateral jsonb_each(session.friction_counts) as friction (kind, points)
    where session.has_friction and friction.points::bigint > 0
    union all
    select
        session_id,
        started_at,
        'retry_loops' as finding,
        retry_loops as point_count
    from sessions
    where retry_loops > 0
    union all
    select
        called.session_id,
        called.started_at,
        connectors.finding,
        sum(called.error_count) as point_count
    from connector_calls as called
    inner join connectors on called.tool = connectors.tool
    where called.error_count > 0
    group by called.session_id, called.started_at, connectors.finding

),

finding_sums as (

    select
        finding,
        sum(point_count) as point_count,
        count(*) as session_count
    from points
    group by finding

),

call_sums as (

    select
        finding,
        sum(call_count) as call_count
    from connectors
    group by finding

),

ranked_points as (

    select
        finding_sums.finding,
        largest.session_id,
        largest.point_count,
        row_number() over (
            partition by finding_sums.finding
            order by largest.point_count desc, largest.started_at desc nulls last, largest.session_id
        ) as size_rank
    from finding_sums
    cross join lateral (
        select
            point.session_id,
            point.started_at,
            point.point_count
        from points as point
        where point.finding = finding_sums.finding
        order by point.point_count desc, point.started_at desc nulls last, point.session_id
        limit 12
    ) as largest

),

evidence_lists as (

    -- Texts are looked up for these few alone: a join would read all.
    select
        point.finding,
        jsonb_agg(
            jsonb_build_object(
                'session_id', session.session_id,
                'title', session.title,
                'project', session.project,
                'started_at', session.started_at,
                'active_minutes', session.active_minutes,
                'summary', (
                    select facet.brief_summary
                    from insights.session_facets as facet
                    where facet.session_id = session.session_id
                ),
                'detail', coalesce(
                    point.point_count || ' of ' || (
                        select sum(called.call_count)
                        from insights.session_tools as called
                        where
                            called.session_id = point.session_id
                            and called.activity_date >= %(window_start)s
                            and called.activity_date < %(window_end)s
                            and called.tool in (
                                select connectors.tool from connectors
                                where connectors.finding = point.finding
                            )
                    ) || ' calls failed',
                    (
                        select facet.friction_detail
                        from insights.session_facets as facet
                        where facet.session_id = session.session_id
                    )
                ),
                'points', point.point_count
            )
            order by point.size_rank
        ) as evidence
    from ranked_points as point
    inner join sessions as session on point.session_id = session.session_id
    group by point.finding

)

select
    finding_sums.finding,
    finding_sums.point_count,
    finding_sums.session_count,
    call_sums.call_count,
    evidence_lists.evidence
from finding_sums
left join call_sums on finding_sums.finding = call_sums.finding
inner join evidence_lists on finding_sums.finding = evidence_lists.finding
order by finding_sums.session_count desc, finding_sums.point_count desc, finding_sums.finding
