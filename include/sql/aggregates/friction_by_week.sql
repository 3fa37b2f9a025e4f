-- friction_by_week: corrections, connector failures, loops and cut-off sessions of each of the last 8 weeks.
-- Grain:  one row per week of 7 days, oldest first; the last one ends at window_end.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

weeks as (

    select %(window_end)s::date - 7 * number as week_start
    from generate_series(1, 8) as number

),

sessions as (

    select
        week.week_start,
        session.session_id,
        session.is_read,
        session.course_corrections,
        session.mcp_failures,
        session.retry_loops,
        session.session_cut_short
    from weeks as week
    left join lateral insights.window_facts(week.week_start, week.week_start + 7) as session on true

)

-- A sum adds what is known. It is null when there are sessions and none of them is known.
select
    week_start,
    count(*) filter (where is_read) as read_count,
    case when count(session_id) > 0 then sum(course_corrections) else 0 end as course_corrections,
    case when count(session_id) > 0 then sum(mcp_failures) else 0 end as mcp_failures,
    case when count(session_id) > 0 then sum(retry_loops) else 0 end as retry_loops,
    count(*) filter (where session_cut_short) as cut_short_count
from sessions
group by week_start
order by week_start
