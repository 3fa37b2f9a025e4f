-- tokens_by_model: the messages, tokens and cost of a window, by model.
-- Grain:  one row per model, most tokens first.
-- Reads:  insights.window_sessions, insights.session_days, insights.claude_sessions, insights.session_messages
-- Params: window_start, window_end -- local dates, half-open
with

window_days as (

    select
        day.session_id,
        day.activity_date,
        day.time_zone
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_days as day on session.session_id = day.session_id
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s

),

transcripts as (

    -- A session's own and those of its sub-agents.
    select
        day.activity_date,
        day.time_zone,
        transcript.id,
        transcript.first_record_at
    from window_days as day
    inner join insights.claude_sessions as transcript on day.session_id = transcript.id
    union all
    select
        day.activity_date,
        day.time_zone,
        transcript.id,
        transcript.first_record_at
    from window_days as day
    inner join insights.claude_sessions as transcript on day.session_id = transcript.parent_session_id
    where transcript.category = 'subagent'

),

messages as (

    -- Copied history repeats messages; each counts with its owner, on its own day.
    select message.*
    from transcripts as transcript
    inner join insights.session_messages as message
        on
            transcript.id = message.session_id
            and transcript.activity_date
            = (coalesce(message.at, transcript.first_record_at) at time zone transcript.time_zone)::date
    where message.is_owner

),

model_sums as (

    -- Rounded finer than any list price: the order of the rows cannot show in the sum.
    select
        model,
        count(*) as message_count,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_5m_tokens + cache_write_1h_tokens) as cache_write_tokens,
        round(sum(cost_usd)::numeric, 10) as cost_usd,
        count(*) filter (where not is_final) as unfinished_message_count
    from messages
    group by model

)

select
    model,
    message_count,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cost_usd,
    unfinished_message_count
from model_sums
order by input_tokens + output_tokens + cache_read_tokens + cache_write_tokens desc, model
