-- tool_failures: the tools that the sessions of a window called, and how often a call failed.
-- Grain:  one row per tool, MCP tools by server; most calls first.
-- Reads:  insights.window_facts, insights.session_tools
-- Params: window_start, window_end -- local dates, half-open
with

raw_counts as (

    -- A call that was refused never ran, and is not counted.
    select
        called.tool as raw_tool,
        sum(called.call_count) as call_count,
        sum(called.error_count) as error_count
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    inner join insights.session_tools as called on session.session_id = called.session_id
    where
        called.activity_date >= %(window_start)s
        and called.activity_date < %(window_end)s
    group by called.tool

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
