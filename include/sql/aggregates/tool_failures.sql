-- tool_failures: the tools that the sessions of a window called, and how often a call failed.
-- Grain:  one row per tool, MCP tools by server; most calls first.
-- Reads:  insights.window_sessions, insights.claude_sessions, insights.session_days, insights.session_entries
-- Params: window_start, window_end -- local dates, half-open
with

calls as (

    -- A call that was refused never ran.
    select
        entry.tool,
        entry.kind
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
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
        and entry.tool is not null
        and entry.kind in ('tool', 'tool_error')
        and not entry.is_copied

),

raw_counts as (

    select
        tool as raw_tool,
        count(*) as call_count,
        count(*) filter (where kind = 'tool_error') as error_count
    from calls
    group by raw_tool

),

tool_counts as (

    select
        coalesce(substring(raw_tool from '^mcp__(.+?)__') || ' (MCP)', raw_tool) as tool,
        sum(call_count) as call_count,
        sum(error_count) as error_count
    from raw_counts
    group by tool

)

select
    tool,
    call_count,
    error_count
from tool_counts
order by call_count desc, tool
