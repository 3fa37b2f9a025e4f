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
        retry_loops
    from insights.window_facts(%(window_start)s, %(window_end)s)

),

connector_points as (

    -- A call that was refused never reached the connector, and is not counted.
    select
        session.session_id,
        session.started_at,
        'connector:' || coalesce(substring(called.tool from '^mcp__(.+?)__'), called.tool) as finding,
        sum(called.error_count) as point_count,
        sum(called.call_count) as call_count
    from sessions as session
    inner join insights.session_tools as called on session.session_id = called.session_id
    where
        called.activity_date >= %(window_start)s
        and called.activity_date < %(window_end)s
        and starts_with(called.tool, 'mcp__')
    group by session.session_id, session.started_at, finding

),

points as (

    select
        session.session_id,
        session.started_at,
        friction.kind as finding,
        friction.points::bigint as point_count,
        null::bigint as call_count
    from sessions as session
    cross join lateral jsonb_each(session.friction_counts) as friction (kind, points)
    union all
    select
        session_id,
        started_at,
        'retry_loops' as finding,
        retry_loops as point_count,
        null as call_count
    from sessions
    union all
    select
        session_id,
        started_at,
        finding,
        point_count,
        call_count
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
        *,
        row_number() over (
            partition by finding
            order by point_count desc, started_at desc nulls last, session_id
        ) as size_rank
    from points
    where point_count > 0

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
                    point.point_count || ' of ' || point.call_count || ' calls failed',
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
    where point.size_rank <= 12
    group by point.finding

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
