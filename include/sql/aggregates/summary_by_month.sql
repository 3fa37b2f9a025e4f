-- summary_by_month: the summary of each of the last 6 calendar months.
-- Grain:  one row per month, oldest first; the last one holds the window's last day.
-- Reads:  insights.window_summary
-- Period: monthly
-- Params: window_start, window_end -- local dates, half-open
with

months as (

    select
        (newest_start - number * interval '1 month')::date as month_start,
        (newest_start - (number - 1) * interval '1 month')::date as month_end
    from date_trunc('month', %(window_end)s::timestamp - interval '1 day') as newest_start
    cross join generate_series(0, 5) as number

)

select
    month.month_start,
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
from months as month
cross join lateral insights.window_summary(month.month_start, month.month_end) as summed
order by month.month_start
