-- top_friction: what went wrong in a window, with the sessions behind it.
-- Grain:  one row per finding, most sessions first.
-- Reads:  insights.window_sessions, insights.session_facets, insights.claude_sessions, insights.session_days,
--         insights.session_entries
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

connector_calls as (

    -- A call that was refused never reached the connector.
    select
        session.session_id,
        entry.tool,
        entry.kind
    from sessions as session
    inner join insights.claude_sessions as transcript on session.session_id = transcript.id
    inner join insights.session_days as day on session.session_id = day.session_id
    inner join insights.session_entries as entry
        on
            session.session_id = entry.session_id
            and day.activity_date
            = (coalesce(entry.at, transcript.first_record_at) at time zone day.time_zone)::date
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
        and starts_with(entry.tool, 'mcp__')
        and entry.kind in ('tool', 'tool_error')
        and not entry.is_copied

),

call_counts as (

    select
        session_id,
        tool,
        count(*) as call_count,
        count(*) filter (where kind = 'tool_error') as error_count
    from connector_calls
    group by session_id, tool

),

connector_points as (

    select
        session_id,
        'connector:' || coalesce(substring(tool from '^mcp__(.+?)__'), tool) as finding,
        sum(error_count) as point_count,
        sum(call_count) as call_count
    from call_counts
    group by session_id, finding

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
