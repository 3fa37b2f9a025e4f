-- summary: a window in one row: sessions, minutes, tokens, cost, and what came of them.
-- Grain:  one row, also for a window without sessions.
-- Reads:  insights.window_summary
-- Params: window_start, window_end -- local dates, half-open
select
    session_count,
    read_count,
    active_minutes,
    human_prompt_count,
    total_tokens,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cost_usd,
    unpriced_message_count,
    unfinished_message_count,
    reached_count,
    judged_count,
    course_corrections,
    time_saved_minutes,
    time_saved_known_count,
    artifacts_created,
    decisions_made,
    knowledge_filed,
    people_count,
    contact_count,
    priority_minutes,
    read_minutes,
    mcp_failures,
    retry_loops,
    cut_short_count,
    friction_session_count,
    shared_session_count,
    named_session_count
from insights.window_summary(%(window_start)s, %(window_end)s)
