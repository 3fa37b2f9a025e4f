-- tool_failures: the tools that the sessions of a window called, and how often a call failed.
-- Grain:  one row per tool, MCP tools by server; most calls first.
-- Reads:  insights.window_sessions, insights.session_entries
-- Params: window_start, window_end -- local dates, half-open
with

calls as (

    -- A call that was refused never ran.
    select
        coalesce(substring(entry.tool from '^mcp__(.+?)__') || ' (MCP)', entry.tool) as tool,
        entry.kind,
        (coalesce(entry.at, session.started_at) at time zone session.time_zone)::date as activity_date
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_entries as entry on session.session_id = entry.session_id
    where
        entry.tool is not null
        and entry.kind in ('tool', 'tool_error')
        and not entry.is_copied

),

tool_counts as (

    select
        tool,
        count(*) as call_count,
        count(*) filter (where kind = 'tool_error') as error_count
    from calls
    where
        activity_date >= %(window_start)s
        and activity_date < %(window_end)s
    group by tool

)

select
    tool,
    call_count,
    error_count
from tool_counts
order by call_count desc, tool
