-- summary_by_week: the summary of each of the last 8 weeks.
-- Grain:  one row per week of 7 days, oldest first; the last one ends at window_end.
-- Reads:  insights.window_summary
-- Params: window_start, window_end -- local dates, half-open
with

weeks as (

    select %(window_end)s::date - 7 * number as week_start
    from generate_series(1, 8) as number

)

select
    week.week_start,
    summed.session_count,
    summed.read_count,
    summed.active_minutes,
    summed.human_prompt_count,
    summed.total_tokens,
    summed.input_tokens,
    summed.output_tokens,
    summed.cache_read_tokens,
    summed.cache_write_tokens,
    summed.cost_usd,
    summed.unpriced_message_count,
    summed.unfinished_message_count,
    summed.reached_count,
    summed.judged_count,
    summed.course_corrections,
    summed.time_saved_minutes,
    summed.time_saved_known_count,
    summed.artifacts_created,
    summed.decisions_made,
    summed.knowledge_filed,
    summed.people_count,
    summed.contact_count,
    summed.priority_minutes,
    summed.read_minutes,
    summed.mcp_failures,
    summed.retry_loops,
    summed.cut_short_count,
    summed.friction_session_count,
    summed.shared_session_count,
    summed.named_session_count
from weeks as week
cross join lateral insights.window_summary(week.week_start, week.week_start + 7) as summed
order by week.week_start
